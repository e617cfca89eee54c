//go:build !race

package codec

const slow = 1
