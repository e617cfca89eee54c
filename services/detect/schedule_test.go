package detect

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plantroom"
)

// The schedule gives tasks by due time, then by order, whatever was set, moved
// and taken off before; a sorted list is the model.
func TestScheduleIsASortedList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var e Engine
		tasks := make([]*task, 12)
		for i := range tasks {
			tasks[i] = e.newTask(nil)
		}
		var model []*task
		for range rapid.IntRange(1, 80).Draw(rt, "steps") {
			x := rapid.SampledFrom(tasks).Draw(rt, "task")
			due := plantroom.Instant(rapid.IntRange(0, 9).Draw(rt, "due"))
			e.schedule.set(x, due)
			model = slices.DeleteFunc(model, func(y *task) bool { return y == x })
			if due != 0 {
				model = append(model, x)
			}
			slices.SortFunc(model, func(a, b *task) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.order, b.order)) })
			if rapid.IntRange(0, 3).Draw(rt, "pop") == 0 {
				now := plantroom.Instant(rapid.IntRange(0, 9).Draw(rt, "now"))
				var want *task
				if len(model) > 0 && model[0].due <= now {
					want, model = model[0], model[1:]
				}
				if got := e.schedule.pop(now); got != want {
					rt.Fatalf("at %d popped %v, want %v", now, got, want)
				}
			}
			if want := first(model); e.schedule.next() != want {
				rt.Fatalf("next is %d, want %d", e.schedule.next(), want)
			}
		}
	})
}

func first(model []*task) plantroom.Instant {
	if len(model) == 0 {
		return 0
	}
	return model[0].due
}
