package reflex

import (
	"net"
	"syscall"

	"plantroom"
)

// peer returns the user at the other end of a socket, as the kernel knows it
// (SO_PEERCRED, unix(7)).
func peer(c *net.UnixConn) (uint32, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *syscall.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		cred, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return 0, plantroom.Errorf(plantroom.CodeUnauth, "the kernel does not say who gives this order")
	}
	return cred.Uid, nil
}

// listenPrivately makes a socket that nobody else can connect to before its
// rights are set.
func listenPrivately(path string) (*net.UnixListener, error) {
	old := syscall.Umask(0o177)
	defer syscall.Umask(old)
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}
