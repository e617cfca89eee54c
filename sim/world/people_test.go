package world_test

import (
	"cmp"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

// press is a button that a contractor will press.
type press struct {
	at     plantroom.Instant
	cmd    dispatch.Command
	repair bool
}

// answer plans what a contractor does about an order that it hears of.
func (l *life) answer(call plantroom.Call) {
	var after time.Duration
	plan := func(do plantroom.OrderAction, repair bool) {
		after += l.minutes(1, 15)
		l.presses = append(l.presses, press{at: l.now.Add(after), repair: repair,
			cmd: dispatch.Command{Order: call.Order, Do: do, Actor: call.Who, Reason: "busy", Note: "done"}})
	}
	switch n := l.rnd.IntN(100); {
	case n < 15: // nobody answers
	case n < 25:
		plan(plantroom.DoDecline, false)
	default:
		plan(plantroom.DoAcknowledge, false)
		if n < 40 {
			plan(plantroom.DoFix, false) // which is not true
		}
		plan(plantroom.DoArrive, false)
		plan(plantroom.DoFix, true)
	}
	slices.SortStableFunc(l.presses, func(a, b press) int { return cmp.Compare(a.at, b.at) })
}

// press presses what is due, and again where nobody has answered.
func (l *life) press() {
	due := l.presses
	l.presses = nil
	for _, p := range due {
		if p.at > l.now || !l.command(&p) {
			l.presses = append(l.presses, p)
		}
	}
}

// command reports whether the contractor has an answer, whatever it is.
func (l *life) command(p *press) bool {
	s := l.servers[l.rnd.IntN(len(l.servers))]
	if !s.up() {
		return false
	}
	if p.repair {
		p.repair = false
		l.view(func(tx plantroom.Tx) error {
			o, err := tx.Order(p.cmd.Order)
			if slices.Contains(lifts, o.Asset) {
				l.repair(o.Asset)
			}
			return err
		})
	}
	_, err := s.spine.Command(l.t.Context(), l.clock(), p.cmd)
	if s.fate.dead {
		s.after(err)
		return false
	}
	switch plantroom.CodeOf(err) {
	case "", plantroom.CodeConflict, plantroom.CodeTransition, plantroom.CodeForbidden, plantroom.CodeExpired:
	default:
		l.t.Fatalf("%s: %s: %v", l.now, p.cmd.Do, err)
	}
	return true
}
