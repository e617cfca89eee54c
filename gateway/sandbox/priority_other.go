//go:build !linux

package sandbox

func lowerPriority() {}
