package plugin

import (
	"fmt"
	"testing"

	"plantroom/dashboards/datasource/pkg/query"
)

func TestChannelsAreForgottenOldestFirstAndNotWhileTheyRun(t *testing.T) {
	var c Channels
	path := func(i int) string {
		return c.open(1, "u", query.Query{Asset: []string{fmt.Sprint("a", i)}})[len("ds/u/"):]
	}
	running, touched := path(0), path(1)
	_, end := c.begin(t.Context(), c.find(running))
	defer end()
	old := path(2)
	c.find(touched)
	for i := range maxChannels {
		path(i + 3)
		c.find(touched)
	}
	if len(c.known) > maxChannels {
		t.Errorf("%d channels are remembered", len(c.known))
	}
	for name, want := range map[string]bool{running: true, touched: true, old: false} {
		if got := c.find(name) != nil; got != want {
			t.Errorf("%s is remembered: %v", name, got)
		}
	}
}
