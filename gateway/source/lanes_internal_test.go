package source

import (
	"sync"
	"testing"
)

func TestALaneThatIsFullSaysSo(t *testing.T) {
	var l lanes
	gate := make(chan struct{})
	var done sync.WaitGroup
	done.Add(maxLane + 1)
	work := func() { <-gate; done.Done() }
	started := make(chan struct{})
	if !l.add("a", func() { close(started); work() }) {
		t.Fatal("the first is refused")
	}
	<-started
	for i := range maxLane {
		if !l.add("a", work) {
			t.Fatalf("message %d is refused", i)
		}
	}
	if l.add("a", work) {
		t.Error("a full lane takes more")
	}
	other := make(chan struct{})
	if !l.add("b", func() { close(other) }) {
		t.Error("another lane is full, too")
	}
	<-other
	close(gate)
	done.Wait()
}
