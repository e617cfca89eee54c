package web

import (
	"slices"
	"strings"
	"testing"

	"plantroom/services/works"
)

func TestFloorsAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string][]int{"": nil, "3": {3}, "3, 5-8": {3, 5, 6, 7, 8}, "8；5至6、-1": {-1, 5, 6, 8}, "-2--1": {-2, -1}, "5, 5": {5}, "5–6,": {5, 6}} {
		if got, ok := readFloors(text); !ok || !slices.Equal(got, want) {
			t.Errorf("%q is %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"all", "8-5", "1-999", "1000", "5-6-7", "3.5", "--1"} {
		if got, ok := readFloors(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func FuzzReadFloors(f *testing.F) {
	for _, s := range []string{"", "3, 5-8", "-2--1", "8；5至6、-1", strings.Repeat("1-200,", 50)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		floors, ok := readFloors(s)
		if len(floors) > 2*works.MaxFloors+1 || !slices.IsSorted(floors) {
			t.Fatalf("%q gave %d floors: %v", s, len(floors), floors)
		}
		if again, ok2 := readFloors(floorsText(floors)); ok && (!ok2 || !slices.Equal(floors, again)) {
			t.Fatalf("%v is written %q, which is read as %v", floors, floorsText(floors), again)
		}
	})
}
