package bench

import (
	"context"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/codec"
	"plantroom/firmware-bridge/lorawan"
	"plantroom/gateway/sandbox"
)

// leakCodec is a codec as makers write them, and leakFrame a frame for it.
const (
	leakCodec = `
function decodeUplink(input) {
  var data = {}, b = input.bytes;
  for (var i = 0; i < b.length;) {
    var channel = b[i++], type = b[i++];
    if (channel === 1 && type === 0x75) data.battery = b[i++];
    else if (channel === 3 && type === 0x67) { data.temperature = ((b[i] | b[i + 1] << 8) << 16 >> 16) / 10; i += 2; }
    else if (channel === 4 && type === 0x68) data.humidity = b[i++] / 2;
    else if (channel === 5 && type === 0) data.leak = b[i++] === 0 ? "normal" : "leak";
    else break;
  }
  return {data: data};
}`
	leakFrame = "01755C03673401046865050000"
)

// hostile never end: the first ones are stopped by the engine, the others with
// their process.
var hostile = []string{
	`for (;;);`, `/^(a+)+$/.test('a'.repeat(40) + 'b')`, `const a = []; for (;;) a.push('x'.repeat(1000) + a.length)`,
	`(function f() { return f() + 1 })()`, `return new Proxy({}, {ownKeys() { for (;;); }})`,
	`[].indexOf.call({length: 2**53 - 1}, 1)`, `'a'.repeat(6e6).indexOf('a'.repeat(3e6) + 'b')`, `((1n << 1000000n) - 1n).toString()`,
}

func codecs() Measurement {
	return Measurement{
		Name: "codec",
		Figures: []Figure{
			{Name: "decode, JavaScript", Unit: "ms", Sense: AtMost, Target: 2,
				How: "median of 1,000 frames of a leak sensor through a maker's kind of codec in the gateway's sandbox process, a machine of its own for each"},
			{Name: "decode, native", Unit: "frames/s", Sense: AtLeast, Target: 1_000_000,
				How: "the same frame through milesight-em300-mcs, the decoder alone, one goroutine"},
		},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			box, err := e.sandbox(ctx)
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, _ int) ([]float64, error) {
				took, err := calls(ctx, box, 1000)
				if err != nil {
					return nil, err
				}
				frame, err := hex.DecodeString(leakFrame[:len(leakFrame)-6] + "060000")
				if err != nil {
					return nil, err
				}
				native, err := rate(ctx, func() (int, error) {
					for range 1000 {
						if _, err := lorawan.Native("milesight-em300-mcs", 85, frame); err != nil {
							return 0, err
						}
					}
					return 1000, nil
				})
				return []float64{quantile(took, 0.5), native}, err
			}, nil
		},
	}
}

func hostileCodecs() Measurement {
	return Measurement{
		Name: "hostile",
		Figures: []Figure{{Name: "decode beside hostile codecs", Unit: "ms", Sense: AtMost, Target: 200,
			How: "the longest of 500 such calls while eight codecs that never end by themselves are called over and over"}},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			box, err := e.sandbox(ctx)
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, _ int) ([]float64, error) {
				if _, err := calls(ctx, box, 1); err != nil { // it is trusted from now on
					return nil, err
				}
				stop := make(chan struct{})
				var attackers sync.WaitGroup
				for _, body := range hostile {
					p, err := codec.Read("hostile.js", []byte("function decodeUplink() { "+body+" }"))
					if err != nil {
						return nil, err
					}
					attackers.Go(func() {
						for {
							select {
							case <-stop:
								return
							default:
								_, _ = box.Run(p, codec.Uplink(1, nil, 1)) // it fails by design
							}
						}
					})
				}
				took, err := calls(ctx, box, 500)
				close(stop)
				attackers.Wait()
				if err != nil {
					return nil, err
				}
				return []float64{took[len(took)-1]}, nil
			}, nil
		},
	}
}

// sandbox is the one that a gateway starts.
func (e *Env) sandbox(ctx context.Context) (*sandbox.Sandbox, error) {
	program, err := e.program(ctx, sandbox.Program)
	if err != nil {
		return nil, err
	}
	box := sandbox.New(sandbox.Options{Command: []string{program, sandbox.Argument}})
	e.onStop(box.Close)
	_, err = calls(context.Background(), box, 1) // it is there
	return box, err
}

// calls decodes frames, one every millisecond or so, and gives how long each
// took, in milliseconds, the shortest first.
func calls(ctx context.Context, box *sandbox.Sandbox, n int) ([]float64, error) {
	p, err := codec.Read("leak.js", []byte(leakCodec))
	if err != nil {
		return nil, err
	}
	frame, err := hex.DecodeString(leakFrame)
	if err != nil {
		return nil, err
	}
	c := codec.New(p, nil, box.Run)
	var took []float64
	for range n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		begin := time.Now()
		now := plantroom.At(begin)
		if _, err := c.Decode(now, now, 85, frame); err != nil {
			return nil, err
		}
		took = append(took, float64(time.Since(begin))/float64(time.Millisecond))
		time.Sleep(time.Millisecond)
	}
	slices.Sort(took)
	return took, nil
}
