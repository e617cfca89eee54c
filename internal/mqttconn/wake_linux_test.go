package mqttconn

import (
	"crypto/tls"
	"net"
	"syscall"
	"testing"
)

func TestAGatheringConnectionWakesNobodyForAPacket(t *testing.T) {
	client, server := net.Pipe()
	wakeAt(client, readBuffer) // no socket: nothing happens
	client.Close()
	server.Close()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, c := range []net.Conn{c, tls.Client(c, &tls.Config{MinVersion: tls.VersionTLS13})} {
		for _, bytes := range []int{readBuffer, 1} {
			wakeAt(c, bytes)
			if got := lowWater(t, c); got != bytes {
				t.Errorf("%T wakes us at %d bytes, want %d", c, got, bytes)
			}
		}
	}
}

// lowWater is at how many bytes a connection wakes us.
func lowWater(t *testing.T, c net.Conn) (bytes int) {
	t.Helper()
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		bytes, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT)
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}
