package broker_test

import (
	"net"
	"net/url"

	paho "github.com/eclipse/paho.mqtt.golang"

	"plantroom/services/broker"
)

// openTo connects and keeps the connection, so that a test can cut it.
func openTo(b *broker.Broker, conn *net.Conn) paho.OpenConnectionFunc {
	return func(*url.URL, paho.ClientOptions) (_ net.Conn, err error) {
		*conn, err = net.Dial("tcp", b.Addr())
		return *conn, err
	}
}
