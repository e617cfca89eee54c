package mqttconn

import (
	"net"
	"syscall"
)

// wakeAt has a connection wake this process only when so many bytes wait to be
// read, or when it ends (SO_RCVLOWAT, see tcp(7) and socket(7)). Without it each
// packet wakes a thread, also where nobody waits for it. It is an economy only:
// where it fails, packets wake us as before.
func wakeAt(c net.Conn, bytes int) {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
		c = t.NetConn()
	}
	s, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, bytes)
	})
}
