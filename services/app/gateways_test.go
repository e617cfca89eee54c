package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
	"plantroom/services/app"
)

// listener is a gateway that hears configurations.
type listener struct {
	*mqttconn.Conn
	mu  sync.Mutex
	got []wire.Config
}

func (h *house) listener(id plantroom.GatewayID, name string) *listener {
	h.t.Helper()
	l := &listener{}
	var err error
	l.Conn, err = mqttconn.Connect(h.t.Context(), mqttconn.Options{URL: h.BrokerURL(), ClientID: string(id) + "-" + name, Username: string(id),
		PasswordFile: h.path("data", "secrets", "mqtt-"+string(id))}, mqttconn.Session{Handle: func(m paho.Message) {
		defer m.Ack()
		c, err := wire.DecodeConfig(m.Payload())
		if err != nil {
			h.t.Errorf("a configuration that cannot be read: %v", err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.got = append(l.got, c)
	}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(l.Close)
	if err := l.SubscribeAll(h.t.Context(), wire.Topic("story", id, wire.ConfigLeaf)); err != nil {
		h.t.Fatal(err)
	}
	return l
}

// has reports whether the newest configuration has a serial.
func (l *listener) has(serial uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.got) > 0 && l.got[len(l.got)-1].Serial == serial
}

type configured struct {
	Serial          uint64
	Sum             plantroom.Hash
	Outcome, Detail string
	Running         *uint64
}

func (h *house) configuration(method, body string) (c configured) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.URL()+"/api/v1/gateways/gw-b1/configuration", strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := browser.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil || resp.StatusCode != http.StatusOK {
		h.t.Fatalf("%s: %s, %v", method, resp.Status, err)
	}
	return c
}

func (l *listener) answer(t *testing.T, a wire.Answer) {
	t.Helper()
	b, err := wire.AppendAnswer(nil, a)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SendAndWait(t.Context(), wire.Topic("story", "gw-b1", wire.AnswerLeaf), true, b); err != nil {
		t.Fatal(err)
	}
}

func TestAGatewayIsSentItsFileAndItsWordIsKept(t *testing.T) {
	h := newHouse(t).withInflux().start()
	early := h.listener("gw-b1", "early")
	c := h.configuration("POST", `{"files":[{"name":"gateway.yaml","text":"gateway: gw-b1\n"}]}`)
	if c.Serial != 1 || c.Outcome != "sent" || c.Running != nil {
		t.Errorf("%+v", c)
	}
	eventually(t, "who is there gets it", func() bool { return early.has(1) })
	late := h.listener("gw-b1", "late")
	eventually(t, "who comes later gets it", func() bool { return late.has(1) })

	early.answer(t, wire.Answer{Gateway: "gw-b1", Serial: 1, Sum: wire.ConfigSum(c.Sum), Outcome: wire.Refused, Detail: "gateway.yaml:1:1: wrong", Highest: 8})
	eventually(t, "its word is kept", func() bool {
		got := h.configuration("GET", "")
		return got.Outcome == "refused" && got.Detail == "gateway.yaml:1:1: wrong" && got.Running != nil && *got.Running == 0
	})
	if c := h.configuration("POST", `{"files":[{"name":"gateway.yaml","text":"x"}]}`); c.Serial != 9 {
		t.Errorf("after the gateway has told of serial 8 the next one is %d", c.Serial)
	}
	eventually(t, "the newer one comes", func() bool { return early.has(9) })

	h.Stop() // the embedded broker forgets everything
	h.start()
	again := h.listener("gw-b1", "again")
	eventually(t, "after a restart it is retained again", func() bool { return again.has(9) })
	if got := h.configuration("GET", ""); got.Serial != 9 || got.Outcome != "sent" {
		t.Errorf("after a restart: %+v", got)
	}
}

// A gateway that is broken into does not fill the ledger, whatever it says which
// configuration its word is on.
func TestAWordThatChangesAllTheTimeIsNotKeptForEver(t *testing.T) {
	h := newHouse(t).withInflux().start()
	l := h.listener("gw-b1", "x")
	c := h.configuration("POST", `{"files":[{"name":"gateway.yaml","text":"x"}]}`)
	for n := range 100 {
		l.answer(t, wire.Answer{Gateway: "gw-b1", Serial: uint64(1 + n/50*(n%2)), Sum: wire.ConfigSum(c.Sum), Outcome: wire.Refused, Detail: strings.Repeat("x", n)})
	}
	l.answer(t, wire.Answer{Gateway: "gw-b1", Serial: 1, Sum: wire.ConfigSum(c.Sum), Running: 77})
	eventually(t, "all is heard", func() bool { r := h.configuration("GET", "").Running; return r != nil && *r == 77 })
	rows := 0
	for _, r := range get[plantroom.LedgerRow](h, "/api/v1/ledger?limit=1000") {
		if r.Kind == "gateway.configured" {
			rows++
		}
	}
	if rows != 32 {
		t.Errorf("%d rows in the ledger, want 32", rows)
	}
}

// This is how a gateway on probation asks whether it is heard.
func TestABatchWithoutRecordsOfASpoolThatWasNeverHeardIsAcknowledged(t *testing.T) {
	h := newHouse(t).withInflux().start()
	g := h.gateway("gw-b1")
	payload, err := wire.AppendBatch(nil, wire.Batch{Gateway: "gw-b1", Epoch: epoch, Base: 1, First: 1, Sent: h.now()})
	if err != nil {
		t.Fatal(err)
	}
	g.say(wire.Up, payload)
	eventually(t, "it is acknowledged", func() bool { return g.acked().Epoch == epoch })
	g.take(reading("b1-l1-box", "fault", plantroom.String("none"), h.now()))
	g.stored()
}

func TestTheKeyThatIsPrintedIsTheServers(t *testing.T) {
	h := newHouse(t).withInflux().start()
	one, err := app.GatewayKey(h.path("data"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := app.GatewayKey(h.path("data"))
	if err != nil || string(one) != string(two) || !strings.HasPrefix(string(one), "-----BEGIN PUBLIC KEY-----") {
		t.Errorf("%s, then %s, error %v", one, two, err)
	}
}
