package ingest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"plantroom"
)

// court is a Core that notes what it is shown.
type court struct {
	Core
	seen []string
	fail error
}

func (c *court) Judge(_ plantroom.Tx, _ plantroom.Instant, gw plantroom.GatewayID, rs []plantroom.Reading) error {
	s := string(gw)
	for _, r := range rs {
		s += fmt.Sprint(" ", r.At.Time().UnixNano())
	}
	c.seen = append(c.seen, s)
	return c.fail
}

func (c *court) Latest(gw plantroom.GatewayID) []byte {
	return fmt.Append(nil, gw, len(c.seen))
}

func at(from, to int) (rs []plantroom.Reading) {
	for n := from; n <= to; n++ {
		rs = append(rs, plantroom.Reading{At: plantroom.Instant(n)})
	}
	return rs
}

func TestADocketIsJudgedGatewayByGateway(t *testing.T) {
	b1, b2 := &lane{gateway: "gw-b1", epoch: 1}, &lane{gateway: "gw-b2", epoch: 1}
	again := &lane{gateway: "gw-b1", epoch: 2} // the same gateway with a new spool
	var d docket
	for round := range 3 { // the memory of one round serves the next
		c := &court{}
		first := at(1, 2)
		d.add(b1, first)
		d.add(b2, nil)
		d.add(b1, at(3, 5))
		d.add(b2, at(1, 1))
		d.add(again, at(6, 6))
		if err := d.judge(c, nil, 0); err != nil {
			t.Fatal(err)
		}
		if want := []string{"gw-b1 1 2 3 4 5 6", "gw-b2 1"}; !reflect.DeepEqual(c.seen, want) {
			t.Fatalf("round %d: judged %q, want %q", round, c.seen, want)
		}
		if string(again.next.latest) != "gw-b11" || b1.next.latest != nil || string(b2.next.latest) != "gw-b22" {
			t.Errorf("latest %q, %q, %q", again.next.latest, b1.next.latest, b2.next.latest)
		}
		if !reflect.DeepEqual(first, at(1, 2)) {
			t.Errorf("a delivery's own readings became %v", first)
		}
		if err := d.judge(c, nil, 0); err != nil || len(c.seen) != 2 {
			t.Errorf("judged twice: %q, %v", c.seen, err)
		}
	}
}

func TestADocketIsEmptyAfterAFailure(t *testing.T) {
	c := &court{fail: errors.New("the store is full")}
	var d docket
	d.add(&lane{gateway: "gw-b1"}, at(1, 1))
	d.add(&lane{gateway: "gw-b2"}, at(2, 2))
	if err := d.judge(c, nil, 0); err != c.fail || len(c.seen) != 1 {
		t.Fatalf("%v after %q", err, c.seen)
	}
	if len(d.cases) != 0 {
		t.Errorf("%d cases are left", len(d.cases))
	}
}
