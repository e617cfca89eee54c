package estate

import (
	"fmt"
	"slices"

	"plantroom"
)

// tests reads the tests of channels, and finds those that could not be made, or
// of which nobody would hear when they fail.
func (c *checker) tests(e *plantroom.Estate, f file) {
	seen := map[string]bool{}
	people := namesOf(f.People, func(p person) string { return string(p.ID) })
	people.open = !c.doc.Sound("/people")
	for i, t := range f.Tests {
		at := fmt.Sprintf("/channel_tests/%d", i)
		if seen[t.Channel] {
			c.fault(at+"/channel", fmt.Sprintf("the channel %q is tested already", t.Channel), "take one of the tests away")
		}
		seen[t.Channel] = true
		who := slices.IndexFunc(f.People, func(p person) bool { return p.ID == t.Person })
		if who < 0 {
			c.refer(people, at+"/person", "person", string(t.Person))
		} else if c.doc.Sound(fmt.Sprintf("/people/%d", who)) && !hasChannel(f.People[who], func(name string) bool { return name == t.Channel }) {
			c.fault(at+"/channel", fmt.Sprintf("%s has no address on %q", t.Person, t.Channel), "name somebody who has one and expects the call")
		}
		if !people.open && heardBy(f, anyChannel) && !heardBy(f, func(name string) bool { return name != t.Channel }) {
			c.fault(at, fmt.Sprintf("no manager has another channel than %q: nobody would hear that it fails", t.Channel), "give a manager a second channel")
		}
		e.Tests = append(e.Tests, plantroom.ChannelTest{Channel: t.Channel, Person: t.Person, At: clockTime(t.At)})
	}
}

func hasChannel(p person, is func(name string) bool) bool {
	return slices.ContainsFunc(p.Channels, func(a address) bool { return is(a.Channel) })
}

// heardBy reports whether a manager has such a channel. That none has any at all
// is for someoneHears.
func heardBy(f file, is func(name string) bool) bool {
	return slices.ContainsFunc(f.People, func(p person) bool { return p.Role == "manager" && hasChannel(p, is) })
}

func anyChannel(string) bool { return true }
