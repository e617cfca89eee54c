package storetest

import (
	"testing"

	"plantroom"
)

var configurationCases = []testCase{
	{"a gateway's newest configuration is returned whole", configurationWhole},
	{"where none was sent there is none", configurationNone},
	{"a serial that is not above all others is refused", configurationSerial},
	{"of those before the newest the message is dropped", configurationMessages},
	{"an answer is written to the one that it is on", configurationAnswer},
	{"the newest of each gateway is listed", configurationList},
}

func configuration(gw plantroom.GatewayID, serial uint64) plantroom.Configuration {
	return plantroom.Configuration{Gateway: gw, Serial: serial, Sum: plantroom.Hash{1, byte(serial)}, Message: []byte{0, 0xff, byte(serial)},
		By: "person:operator", Issued: clock(int64(serial))}
}

func sent(t *testing.T, s plantroom.Store, cs ...plantroom.Configuration) {
	t.Helper()
	update(t, s, func(tx plantroom.Tx) error {
		for _, c := range cs {
			if err := tx.InsertConfiguration(c); err != nil {
				return err
			}
		}
		return nil
	})
}

func newest(t *testing.T, s plantroom.Store, gw plantroom.GatewayID) plantroom.Configuration {
	t.Helper()
	return read(t, s, func(tx plantroom.Tx) (plantroom.Configuration, error) {
		c, ok, err := tx.Configuration(gw)
		if !ok {
			t.Errorf("%s has none", gw)
		}
		return c, err
	})
}

func configurationWhole(t *testing.T, s plantroom.Store) {
	c := configuration("gw-b1", 7)
	sent(t, s, c)
	wantEqual(t, newest(t, s, "gw-b1"), c)
}

func configurationNone(t *testing.T, s plantroom.Store) {
	sent(t, s, configuration("gw-b1", 7))
	view(t, s, func(tx plantroom.Tx) error {
		c, ok, err := tx.Configuration("gw-b2")
		wantEqual(t, ok, false)
		wantEqual(t, c, plantroom.Configuration{})
		return err
	})
}

func configurationSerial(t *testing.T, s plantroom.Store) {
	sent(t, s, configuration("gw-b1", 7), configuration("gw-b2", 3))
	for _, serial := range []uint64{0, 6, 7, 1 << 63} {
		refused(t, s, plantroom.CodeConflict, func(tx plantroom.Tx) error { return tx.InsertConfiguration(configuration("gw-b1", serial)) })
	}
	wantEqual(t, newest(t, s, "gw-b1"), configuration("gw-b1", 7))
}

func configurationMessages(t *testing.T, s plantroom.Store) {
	sent(t, s, configuration("gw-b1", 7), configuration("gw-b2", 3), configuration("gw-b1", 9))
	wantEqual(t, newest(t, s, "gw-b1"), configuration("gw-b1", 9))
	wantEqual(t, newest(t, s, "gw-b2"), configuration("gw-b2", 3))
}

func configurationAnswer(t *testing.T, s plantroom.Store) {
	sent(t, s, configuration("gw-b1", 7), configuration("gw-b2", 7))
	a := configuration("gw-b1", 7)
	a.Outcome, a.Detail, a.Answered = "refused", "gateway.yaml:3:1: it's wrong", clock(99)
	update(t, s, func(tx plantroom.Tx) error { return tx.AnswerConfiguration(a) })
	wantEqual(t, newest(t, s, "gw-b1"), a)
	wantEqual(t, newest(t, s, "gw-b2"), configuration("gw-b2", 7))
	a.Serial = 8
	refused(t, s, plantroom.CodeNotFound, func(tx plantroom.Tx) error { return tx.AnswerConfiguration(a) })
}

func configurationList(t *testing.T, s plantroom.Store) {
	sent(t, s, configuration("gw-b2", 3), configuration("gw-b1", 7), configuration("gw-b1", 9))
	got := read(t, s, func(tx plantroom.Tx) ([]plantroom.Configuration, error) { return tx.Configurations() })
	wantEqual(t, got, []plantroom.Configuration{configuration("gw-b1", 9), configuration("gw-b2", 3)})
}
