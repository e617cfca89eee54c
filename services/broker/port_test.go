package broker

import (
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
)

// mochi's own function locks the list of clients for reading while it holds it
// for reading: with a client that leaves in between nobody goes on.
func TestAListenerClosesItsClientsWithoutMochisFunction(t *testing.T) {
	server := mochi.New(nil)
	p := &port{listeners.NewTCP(listeners.Config{ID: "mqtt", Address: "127.0.0.1:0"}), server}
	if err := server.AddListener(p); err != nil {
		t.Fatal(err)
	}
	p.Close(func(string) { t.Error("it was called") })
}
