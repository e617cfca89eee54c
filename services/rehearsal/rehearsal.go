// Package rehearsal tests the channels on which calls go out, each once a day at
// a local time of the estate's file, with a real call to somebody who expects
// it: a channel that is broken is found before it is needed. Where a test fails,
// the managers are called on their other channels.
//
// A test is a call like any other: it goes through the outbox, with its tries,
// and what became of it is in the store and in the ledger. So nothing is kept in
// memory, a restart repeats nothing, and the decisions are functions of the store
// and the present instant.
//
// The package deliberately reads no clock and sends nothing. It proves that a
// channel takes calls; that somebody reads them is what acknowledging is for.
package rehearsal

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/roster"
)

// The kinds of calls that this package makes.
const (
	KindTest   = "channel.test"
	KindFailed = "channel.failed"
)

const (
	// Late is how long after its time a test is still made, because the server
	// was down or the file was changed; after that it waits for the next day.
	Late = time.Hour
	// Patience is how long a test may be tried before it counts as failed. It
	// is tried on, and passes if it is taken then.
	Patience = 10 * time.Minute
)

// Severity is that of a failed test: as for an order of this severity it
// chooses channels and is held by quiet hours.
const Severity = plantroom.Medium

// About is what a test is about, in the place of an order's id.
func About(channel string) plantroom.OrderID { return plantroom.OrderID("channel." + channel) }

// Plan knows an estate's tests. It is immutable.
type Plan struct {
	estate plantroom.Estate
	zone   *time.Location
}

// New makes a Plan. It fails with CodeInvalid for an estate without a zone, or
// with a test of a channel on which its person has no address.
func New(e plantroom.Estate) (*Plan, error) {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "plan the tests of channels", Message: "estate zone " + e.Zone, Err: err}
	}
	p := &Plan{estate: e, zone: zone}
	for _, t := range e.Tests {
		if _, ok := p.address(t); !ok {
			return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "plan the tests of channels",
				Message: fmt.Sprintf("%s has no address on %s", t.Person, t.Channel), Hint: "correct channel_tests in the estate's file"}
		}
	}
	return p, nil
}

func (p *Plan) address(t plantroom.ChannelTest) (plantroom.Address, bool) {
	for _, x := range p.estate.People {
		if x.ID != t.Person {
			continue
		}
		for _, a := range x.Channels {
			if a.Channel == t.Channel {
				return a, true
			}
		}
	}
	return plantroom.Address{}, false
}

// Due returns the calls that have to go into the outbox now: tests whose time
// has come, and calls to the managers about tests that have failed. A call that
// is there already is not returned.
func (p *Plan) Due(tx plantroom.Tx, now plantroom.Instant) ([]plantroom.Call, error) {
	var out []plantroom.Call
	for _, t := range p.estate.Tests {
		day, at := p.latest(t, now)
		made, there, err := find(tx, testID(t, day))
		if err != nil {
			return nil, err
		}
		var more []plantroom.Call
		switch {
		case !there && now.Sub(at) <= Late:
			more, err = p.test(t, day, now)
		case there && failed(made, now):
			more, err = p.alarm(tx, t, made, now)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// latest is the last time at which a test was to be made. In a night in which
// clocks change it may be an hour off; there is one for each day all the same.
func (p *Plan) latest(t plantroom.ChannelTest, now plantroom.Instant) (plantroom.Date, plantroom.Instant) {
	day := plantroom.DateOf(now, p.zone)
	if at := p.instant(day, t.At); at <= now {
		return day, at
	}
	return day - 1, p.instant(day-1, t.At)
}

func (p *Plan) instant(d plantroom.Date, clock plantroom.Duration) plantroom.Instant {
	minutes := int(time.Duration(clock) / time.Minute)
	return plantroom.At(time.Date(1970, 1, 1+int(d), 0, minutes, 0, 0, p.zone))
}

// find returns a call of the store, if it is there.
func find(tx plantroom.Tx, id plantroom.MessageID) (plantroom.Call, bool, error) {
	c, err := tx.Call(id)
	if plantroom.CodeOf(err) == plantroom.CodeNotFound {
		return c, false, nil
	}
	return c, err == nil, err
}

// failed reports whether a test has failed: given up, or tried in vain for too long.
func failed(c plantroom.Call, now plantroom.Instant) bool {
	return c.State == plantroom.CallDead || c.State == plantroom.CallPending && c.Attempts > 0 && now.Sub(c.Created) >= Patience
}

func (p *Plan) test(t plantroom.ChannelTest, day plantroom.Date, now plantroom.Instant) ([]plantroom.Call, error) {
	a, _ := p.address(t)
	c, err := p.call(testID(t, day), KindTest, t.Channel, p.person(t.Person), now, "test", t.Channel, day)
	c.Channel, c.To = a.Channel, a.To
	return []plantroom.Call{c}, err
}

// alarm tells every manager whom another channel reaches.
func (p *Plan) alarm(tx plantroom.Tx, t plantroom.ChannelTest, test plantroom.Call, now plantroom.Instant) ([]plantroom.Call, error) {
	var out []plantroom.Call
	for _, m := range p.estate.People {
		others := Others(m, t.Channel)
		if m.Role != "manager" || len(others) == 0 {
			continue
		}
		id := messageID(KindFailed, test.ID, m.ID)
		if _, there, err := find(tx, id); there || err != nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		c, err := p.call(id, KindFailed, t.Channel, m, now, "failed", t.Channel, test.Created.Time().In(p.zone).Format("2006-01-02 15:04"), test.LastErr)
		if err != nil {
			return nil, err
		}
		c.Channel, c.To, c.Fallback = others[0].Channel, others[0].To, others[1:]
		if until := roster.QuietUntil(m.Quiet.Hours, p.zone, now); !until.IsZero() && Severity < m.Quiet.Below {
			c.NextTry = until
		}
		out = append(out, c)
	}
	return out, nil
}

// Others lists the addresses of somebody that are not on a channel: those for
// the severity of a failed test, or all of them where there is none.
func Others(m plantroom.Person, channel string) []plantroom.Address {
	var some, all []plantroom.Address
	for _, a := range m.Channels {
		if a.Channel == channel {
			continue
		}
		plain := plantroom.Address{Channel: a.Channel, To: a.To}
		if all = append(all, plain); a.Severity <= Severity {
			some = append(some, plain)
		}
	}
	if len(some) == 0 {
		return all
	}
	return some
}

// sentences are what calls about channels say, in each language.
var sentences = map[string]plantroom.Text{
	"test":   {En: "Test of the channel %s on %s: nothing has happened, and nothing has to be done", Zh: "通道 %s 测试（%s）：无事发生，无需处理"},
	"failed": {En: "The channel %s has failed its test of %s: calls on it may reach nobody. %s", Zh: "通道 %s 未通过 %s 的测试：经此通道的通知可能无人收到。%s"},
}

func (p *Plan) person(id plantroom.PersonID) plantroom.Person {
	for _, x := range p.estate.People {
		if x.ID == id {
			return x
		}
	}
	return plantroom.Person{ID: id}
}

// call makes a call without an address, in the language of who gets it. Its body is
// a CloudEvent as that of every call, with the text alone.
func (p *Plan) call(id plantroom.MessageID, kind, channel string, to plantroom.Person, now plantroom.Instant, key string, args ...any) (plantroom.Call, error) {
	text, who := fmt.Sprintf(sentences[key].In(to.Lang), args...), "person:"+string(to.ID)
	body, err := json.Marshal(map[string]any{"specversion": "1.0", "id": id, "source": "urn:plantroom:" + string(p.estate.ID), "type": "plantroom." + kind,
		"subject": About(channel), "time": now, "datacontenttype": "application/json", "data": map[string]string{"text": text, "lang": to.Lang}})
	return plantroom.Call{ID: id, Kind: kind, Order: About(channel), Who: who, Subject: text, Body: body,
		State: plantroom.CallPending, Created: now, NextTry: now}, err
}

func testID(t plantroom.ChannelTest, day plantroom.Date) plantroom.MessageID {
	return messageID(KindTest, t.Channel, t.Person, day)
}

// messageID derives an id from what makes a call unique.
func messageID(parts ...any) plantroom.MessageID {
	h := sha256.New()
	for _, p := range parts {
		s := fmt.Sprint(p)
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return plantroom.MessageID("msg-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:15])))
}
