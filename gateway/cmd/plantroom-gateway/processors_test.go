package main

import "testing"

func TestAllProcessorsAreUsedWhileThereIsMuchToDo(t *testing.T) {
	g := governor{}
	step := func(used float64, want, wantChange bool) {
		t.Helper()
		if all, changed := g.look(used); all != want || changed != wantChange {
			t.Fatalf("%.0f %%: all is %v, changed %v", 100*used, all, changed)
		}
	}
	step(0.01, false, false)
	step(0.9, true, true) // at the first busy second
	step(1.8, true, false)
	for range quietLooks - 1 {
		step(0.02, true, false)
	}
	step(0.02, false, true) // not before it has been quiet for a while
	step(0.02, false, false)
}
