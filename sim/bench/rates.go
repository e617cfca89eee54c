package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/devices"
	"plantroom/services/app"
	"plantroom/services/detect"
	"plantroom/sim/estates"
	"plantroom/sim/scenario"
	"plantroom/sim/world"
)

// rateFor is how long a rate is measured in one run.
const rateFor = time.Second

// rate calls f, which says how many things it has done, for about rateFor and
// returns how many a second were done.
func rate(ctx context.Context, f func() (int, error)) (float64, error) {
	begin := time.Now()
	done := 0
	for {
		n, err := f()
		if err != nil {
			return 0, err
		}
		done += n
		if took := time.Since(begin); took >= rateFor {
			return float64(done) / took.Seconds(), nil
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
}

// scenarioFile has residents and lasts four hours with a gateway's backlog in
// it: the busiest of those that ship.
const scenarioFile = "sim/scenarios/11-gateway-away-for-two-hours.yaml"

func scenarios() Measurement {
	return Measurement{
		Name: "scenario",
		Figures: []Figure{{Name: "scenario in virtual time", Unit: "virtual h/s", Sense: Recorded,
			How: scenarioFile + " played once: the story's estate with its residents, through decoders, spool, ingest, detection and dispatch"}},
		Begin: func(_ context.Context, e *Env, _ int) (Run, error) {
			s, err := scenario.Load(filepath.Join(e.Root, scenarioFile))
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, _ int) ([]float64, error) {
				begin := time.Now()
				r, err := scenario.Play(ctx, s, scenario.Options{})
				if err != nil {
					return nil, err
				}
				if !r.OK() {
					return nil, plantroom.Errorf(plantroom.CodeInternal, "%s does not come out as it expects; see plantroom-sim run", scenarioFile)
				}
				return []float64{time.Duration(s.Length).Hours() / time.Since(begin).Seconds()}, nil
			}, nil
		},
	}
}

func decoding() Measurement {
	return Measurement{
		Name: "decode",
		Figures: []Figure{
			{Name: "decode chirpstack, native", Unit: "messages/s", Sense: Recorded, How: "the LoRaWAN messages of six hours of the story's estate, one goroutine"},
			{Name: "decode plainjson", Unit: "messages/s", Sense: Recorded, How: "the lift boxes' messages of the same hours"},
			{Name: "decode zigbee2mqtt", Unit: "messages/s", Sense: Recorded, How: "the leak sensors' messages of the same hours"},
		},
		Begin: func(context.Context, *Env, int) (Run, error) {
			heard, err := traffic(6 * time.Hour)
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, _ int) ([]float64, error) {
				var out []float64
				for _, family := range []string{"chirpstack", "plainjson", "zigbee2mqtt"} {
					v, err := decodeRate(ctx, family, heard[family])
					if err != nil {
						return nil, err
					}
					out = append(out, v)
				}
				return out, nil
			}, nil
		},
	}
}

// traffic is what the story's devices say in some hours, by family.
func traffic(length time.Duration) (map[string][]plantroom.Message, error) {
	e, err := estates.Load("story")
	if err != nil {
		return nil, err
	}
	start := plantroom.At(time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	w, err := world.New(world.Options{Estate: e, Start: start, Seed: 1})
	if err != nil {
		return nil, err
	}
	decoders := map[string]plantroom.Decoder{}
	for _, f := range devices.Families() {
		decoders[f.Name] = f.New(devices.Options{Models: estates.Models()})
	}
	heard := map[string][]plantroom.Message{}
	for _, said := range w.Advance(start.Add(length)) {
		m := plantroom.Message{Topic: said.Topic, Payload: said.Payload, Received: said.At}
		for name, d := range decoders {
			samples, err := d.Decode(m)
			if err != nil {
				return nil, fmt.Errorf("decode %s: %w", m.Topic, err)
			}
			if len(samples) > 0 {
				heard[name] = append(heard[name], m)
			}
		}
	}
	return heard, nil
}

func decodeRate(ctx context.Context, family string, messages []plantroom.Message) (float64, error) {
	f, err := devices.ByName(family)
	if err != nil {
		return 0, err
	}
	if len(messages) == 0 {
		return 0, plantroom.Errorf(plantroom.CodeInternal, "nobody speaks %s in the story's estate", family)
	}
	return rate(ctx, func() (int, error) {
		d := f.New(devices.Options{Models: estates.Models()}) // a new one, since it would know the messages again
		for _, m := range messages {
			if _, err := d.Decode(m); err != nil {
				return 0, err
			}
		}
		return len(messages), nil
	})
}

func observing() Measurement {
	return Measurement{
		Name: "observe",
		Figures: []Figure{{Name: "observe", Unit: "readings/s", Sense: Recorded,
			How: "readings of 1,000 devices of the four domains given to the detectors, fill derived; one goroutine, no I/O"}},
		Begin: func(context.Context, *Env, int) (Run, error) {
			s := site{Sensors: messageSensors}
			e, err := s.load()
			if err != nil {
				return nil, err
			}
			engine, err := detect.New(detect.Options{Estate: e, Domains: app.Domains()})
			if err != nil {
				return nil, err
			}
			at := time.Now()
			return func(ctx context.Context, _ int) ([]float64, error) {
				v, err := rate(ctx, func() (int, error) {
					const n = 100_000
					for r := range s.readings(at, n) {
						engine.Observe(r.At, gatewayID, r)
						for _, d := range engine.Derive(r) {
							engine.Observe(r.At, gatewayID, d)
						}
					}
					at = at.Add(n * time.Microsecond)
					if len(engine.Take().Events) > 0 {
						return 0, errors.New("sound readings made an incident")
					}
					return n, nil
				})
				return []float64{v}, err
			}, nil
		},
	}
}
