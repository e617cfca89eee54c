//go:build !linux

package inside

func lowerPriority() {}
