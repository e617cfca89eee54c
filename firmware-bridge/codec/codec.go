package codec

import (
	"strings"

	"plantroom"
)

// Codec decodes the frames of one device model.
type Codec struct {
	program *Program
	mapping Mapping
	run     Runner
	guard   guard
}

// New makes a Codec. Each model of each source needs one of its own: it counts
// failures.
func New(p *Program, m Mapping, run Runner) *Codec {
	return &Codec{program: p, mapping: m, run: run}
}

// Decode is a plantroom.PayloadDecoder. A frame of which the codec says that
// it cannot be decoded is an error (CodeInvalid), and no failure of the codec.
func (c *Codec) Decode(now, at plantroom.Instant, port uint8, payload []byte) ([]plantroom.Sample, error) {
	if err := c.guard.aside(now); err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "codec %s: %w", c.program.Name, err)
	}
	out, err := c.call(Uplink(port, payload, at))
	if plantroom.CodeOf(err) != plantroom.CodeUnavailable { // the engine's trouble is not the codec's
		c.guard.note(now, err)
	}
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "codec %s: %w", c.program.Name, err)
	}
	if len(out.Errors) > 0 {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "codec %s: it says: %s", c.program.Name, Clip(strings.Join(out.Errors, "; ")))
	}
	samples, err := c.mapping.Samples(out.Data)
	if err != nil {
		err = plantroom.Errorf(plantroom.CodeInvalid, "codec %s: %w", c.program.Name, err)
	}
	return samples, err
}

func (c *Codec) call(call Call) (Output, error) {
	raw, err := c.run(c.program, call)
	if err != nil {
		return Output{}, err
	}
	return Parse(raw)
}
