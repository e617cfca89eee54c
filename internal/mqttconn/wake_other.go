//go:build !linux

package mqttconn

import "net"

// wakeAt is for Linux.
func wakeAt(net.Conn, int) {}
