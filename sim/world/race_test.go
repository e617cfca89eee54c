//go:build race

package world_test

const raced = true
