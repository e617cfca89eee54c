package source_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"plantroom/firmware-bridge/homeassistant"
	"plantroom/gateway/source"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

// A gateway that starts at a large site gets all announcements at once, more
// than there is room for turns that wait, and each names a topic.
func TestAllDevicesOfASiteAnnounceThemselvesAtOnce(t *testing.T) {
	const devices = 1500
	b := brokertest.Mosquitto(t, "allow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\nmax_packet_size 65536")
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: "devices"}, mqttconn.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range devices {
		config := fmt.Sprintf(`{"uniq_id":"leak-%d","dev_cla":"moisture","stat_t":"esp/%d/leak"}`, i, i)
		if err := c.Send(fmt.Sprintf("homeassistant/binary_sensor/leak-%d/config", i), true, []byte(config)); err != nil {
			t.Fatal(err)
		}
		if err := c.Send(fmt.Sprintf("esp/%d/leak", i), true, []byte("OFF")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SendAndWait(ctx, "last", false, nil); err != nil {
		t.Fatal(err)
	}
	s := start(t, b, &disk{}, func(o *source.Options) {
		o.Decoder, o.Topics = homeassistant.New(homeassistant.Options{}), homeassistant.Topics(homeassistant.Options{})
	})
	wait(t, "every device's retained state is heard", func() bool { return strings.Count(s.disk.values(), "=dry") >= devices })
	if st := s.src.State(); st.Connects != 1 {
		t.Errorf("it took %d connections: %s", st.Connects, st.LastError)
	}
	say(t, b, "esp/7/leak", "ON")
	wait(t, "a leak is heard", func() bool { return strings.HasSuffix(s.disk.values(), "leak-7=wet") })
}
