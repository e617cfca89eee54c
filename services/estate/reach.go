package estate

import (
	"fmt"
	"slices"
	"strings"
)

// addressRefs checks that calls can go out to the addresses in a file. A typing
// error there would be found when somebody has to be called.
func (c *checker) addressRefs(f file) {
	for i, p := range f.People {
		c.addresses(fmt.Sprintf("/people/%d/channels", i), p.Channels)
	}
	for i, k := range f.Contractors {
		c.addresses(fmt.Sprintf("/contractors/%d/channels", i), k.Channels)
	}
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
