package firmware_test

import (
	"testing"

	"plantroom/firmware-bridge/node"
	"plantroom/firmware-bridge/node/smp"
	"plantroom/gateway/firmware"
)

// hesitant is a port to a node that says at once that it will start anew, and does
// so only after it has answered some questions more, as Zephyr's does.
type hesitant struct {
	firmware.Port
	held   []byte // the request to start anew
	behind int    // questions until it is done
	told   int
	answer []byte // that it will
	split  node.Splitter
	lines  smp.Assembler
}

func (h *hesitant) Write(b []byte) (int, error) {
	var asked []byte
	h.split.Feed(b, nil, func(line []byte) {
		if m, err := h.lines.Line(line); err == nil && m != nil {
			asked = append([]byte(nil), m...)
		}
	})
	if len(asked) >= 8 && asked[0]&7 == byte(smp.Reset.Op) && asked[5] == byte(smp.Reset.Group) && asked[7] == smp.Reset.ID {
		if h.told++; h.told == 1 {
			h.held, h.behind = append([]byte(nil), b...), 5
			// Its header with the bit that makes an answer of a question, and an empty map.
			h.answer = smp.AppendLines(nil, append(append([]byte{asked[0] + 1, 0, 0, 1}, asked[4:8]...), 0xa0))
			return len(b), nil
		}
	}
	n, err := h.Port.Write(b)
	return n, err
}

func (h *hesitant) Read(to []byte) (int, error) {
	if len(h.answer) > 0 {
		n := copy(to, h.answer)
		h.answer = h.answer[n:]
		return n, nil
	}
	n, err := h.Port.Read(to)
	if h.behind > 0 && n > 0 {
		if h.behind--; h.behind == 0 {
			_, _ = h.Port.Write(h.held)
		}
	}
	return n, err
}

// A node that is told a second time to start anew, because it has not yet done so,
// would end the trial of its new firmware as soon as that has begun.
func TestANodeThatTakesItsTimeToStartAnewIsToldOnce(t *testing.T) {
	b := newBench(t)
	var slow *hesitant
	err := b.push(t.Context(), second(2500), func(o *firmware.Options) {
		o.Open = func() (firmware.Port, error) {
			p, err := b.cable.Open()
			slow = &hesitant{Port: p}
			return slow, err
		}
	})
	if err != nil || slow.told != 1 {
		t.Errorf("it was told %d times to start anew: %v", slow.told, err)
	}
	b.power()
	if got := b.runs(); got != "boot 2.0.0" {
		t.Errorf("it runs %q", got)
	}
}
