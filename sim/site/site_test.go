package site_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom/sim/scenario"
	"plantroom/sim/site"
)

// In virtual time, before the parts of the product: the story that ships comes out as
// it says, and so does its first hour when it begins anew.
func TestTheStoryThatShipsCanBePlayedAgainAndAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays seven hours")
	}
	s, err := scenario.Load("story.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckLive(); err != nil {
		t.Fatal(err)
	}
	length := s.Length
	for _, a := range s.Do {
		if time.Duration(a.At) >= time.Duration(length) {
			t.Errorf("%+v is when the story begins anew", a)
		}
		a.At += length
		s.Do = append(s.Do, a)
	}
	s.Length = scenario.Offset(played)
	s.Do = slices.DeleteFunc(s.Do, func(a scenario.Act) bool { return a.At > s.Length })
	s.Expect = slices.DeleteFunc(s.Expect, func(e scenario.Expectation) bool {
		return e.By != nil && *e.By > s.Length || e.At != nil && *e.At > s.Length
	})
	r, err := scenario.Play(t.Context(), s, scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if !c.OK {
			t.Errorf("%s: saw %s", c.Text, c.Saw)
		}
	}
	n := r.Numbers
	t.Logf("%+v, in %s", n, r.Took)
	if n.Orders != n.Incidents || n.Orders < len(s.Do)/2 || n.OpenOrders > n.Orders*2/3 {
		t.Errorf("%d incidents, %d orders, %d of them open", n.Incidents, n.Orders, n.OpenOrders)
	}
}

func TestTheStoryThatShipsIsTheFile(t *testing.T) {
	if s, err := scenario.Parse("story.yaml", site.Story); err != nil || !strings.Contains(s.Title, "again and again") {
		t.Errorf("%+v, %v", s, err)
	}
}
