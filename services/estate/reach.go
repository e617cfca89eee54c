package estate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// addressRefs checks that calls can go out to the addresses in a file. A typing
// error there would be found when somebody has to be called.
func (c *checker) addressRefs(f file) {
	for i, p := range f.People {
		at := fmt.Sprintf("/people/%d", i)
		c.addresses(at+"/channels", p.Channels)
		c.always(at+"/channels", p.Channels)
		if p.Quiet != nil && endless(p.Quiet.Hours) {
			c.fault(at+"/quiet/hours", "they leave no hour in which a call could come", "leave some hours out")
		}
	}
	for i, k := range f.Contractors {
		at := fmt.Sprintf("/contractors/%d/channels", i)
		c.addresses(at, k.Channels)
		c.always(at, k.Channels)
	}
}

// always finds somebody whom calls of low severity could not reach.
func (c *checker) always(at string, list []address) {
	for _, a := range list {
		if a.Severity <= plantroom.Low {
			return
		}
	}
	if len(list) > 0 {
		c.fault(at, "no channel takes calls of low severity, and every call has to reach somebody", "take severity from one of them, usually the last")
	}
}

// endless reports whether hours cover the whole week, minute by minute. The
// schema bounds how many there are.
func endless(list []hours) bool {
	const week = 7 * 24 * 60
	var quiet [week]bool
	for _, h := range hoursOf(list) {
		start, end := int(time.Duration(h.Start).Minutes()), int(time.Duration(h.End).Minutes())
		if end <= start {
			end += 24 * 60
		}
		for day := range 7 {
			if len(h.Days) > 0 && !slices.Contains(h.Days, time.Weekday(day)) {
				continue
			}
			for m := start; m < end; m++ {
				quiet[(day*24*60+m)%week] = true
			}
		}
	}
	return !slices.Contains(quiet[:], false)
}

func (c *checker) addresses(at string, list []address) {
	if c.known.Channels == nil {
		return
	}
	for i, a := range list {
		n := slices.IndexFunc(c.known.Channels, func(k Channel) bool { return k.Name == a.Channel })
		if n < 0 {
			c.fault(fmt.Sprintf("%s/%d/channel", at, i), fmt.Sprintf("no channel is called %q", a.Channel),
				"use one of "+strings.Join(c.channelNames(), ", ")+", or describe it in the server's file")
			continue
		}
		if err := c.known.Channels[n].Check(a.To); err != nil {
			c.fault(fmt.Sprintf("%s/%d/to", at, i), err.Error(), "correct it: a call to it would be given up")
		}
	}
}

func (c *checker) channelNames() []string {
	var out []string
	for _, k := range c.known.Channels {
		out = append(out, k.Name)
	}
	return out
}
