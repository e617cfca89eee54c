package detect

import "plantroom"

// sleeper is something that time alone may change.
type sleeper interface {
	wake(e *Engine, now plantroom.Instant)
}

// task is a sleeper's place in the schedule. Of two that are due at the same
// time the one with the lower order comes first, so that a replay gives the
// same events in the same order.
type task struct {
	who   sleeper
	due   plantroom.Instant // zero: not scheduled
	order int
	pos   int
}

func (e *Engine) newTask(who sleeper) *task {
	e.schedule.tasks++
	return &task{who: who, order: e.schedule.tasks}
}

// schedule is a binary heap of tasks by due time.
type schedule struct {
	heap  []*task
	tasks int
}

// next returns the earliest due time, zero for none.
func (s *schedule) next() plantroom.Instant {
	if len(s.heap) == 0 {
		return 0
	}
	return s.heap[0].due
}

// set moves a task to a due time; zero takes it off the schedule.
func (s *schedule) set(t *task, due plantroom.Instant) {
	switch {
	case due == t.due:
	case t.due.IsZero():
		t.due, t.pos = due, len(s.heap)
		s.heap = append(s.heap, t)
		s.up(t.pos)
	case due.IsZero():
		s.remove(t)
	default:
		t.due = due
		s.up(t.pos)
		s.down(t.pos)
	}
}

// clear takes all tasks off.
func (s *schedule) clear() {
	for _, t := range s.heap {
		t.due = 0
	}
	clear(s.heap)
	s.heap = s.heap[:0]
}

// pop takes the first task off if it is due.
func (s *schedule) pop(now plantroom.Instant) *task {
	if len(s.heap) == 0 || s.heap[0].due > now {
		return nil
	}
	t := s.heap[0]
	s.remove(t)
	return t
}

func (s *schedule) remove(t *task) {
	pos, last := t.pos, len(s.heap)-1
	s.swap(pos, last)
	s.heap[last] = nil
	s.heap = s.heap[:last]
	t.due = 0
	if pos < last {
		s.up(pos)
		s.down(pos)
	}
}

func (s *schedule) less(i, j int) bool {
	a, b := s.heap[i], s.heap[j]
	if a.due != b.due {
		return a.due < b.due
	}
	return a.order < b.order
}

func (s *schedule) swap(i, j int) {
	s.heap[i], s.heap[j] = s.heap[j], s.heap[i]
	s.heap[i].pos, s.heap[j].pos = i, j
}

func (s *schedule) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !s.less(i, parent) {
			return
		}
		s.swap(i, parent)
		i = parent
	}
}

func (s *schedule) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(s.heap) {
			return
		}
		if child+1 < len(s.heap) && s.less(child+1, child) {
			child++
		}
		if !s.less(child, i) {
			return
		}
		s.swap(i, child)
		i = child
	}
}
