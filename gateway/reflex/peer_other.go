//go:build !linux

package reflex

import (
	"net"

	"plantroom"
)

// peer does not know who is at the other end, so nobody may give orders.
func peer(*net.UnixConn) (uint32, error) {
	return 0, plantroom.Errorf(plantroom.CodeUnauth, "on this system it is not known who gives an order")
}

func listenPrivately(path string) (*net.UnixListener, error) {
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}
