package bench

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"plantroom/sim/load"
)

const (
	memoryCodecs = 10
	memoryRate   = 10.0 // frames a second
	memoryFor    = 30 * time.Second
)

func codecMemory() Measurement {
	return Measurement{
		Name: "codec-memory",
		Figures: []Figure{{Name: "gateway memory, ten codecs", Unit: "MiB", Sense: AtMost, Target: 40,
			How: "VmRSS of plantroom-gateway and of its sandbox, added up, after 30 s with ten JavaScript codecs behind chirpstack that decode a frame a second each"}},
		Begin: func(ctx context.Context, e *Env, _ int) (Run, error) {
			return func(ctx context.Context, _ int) ([]float64, error) {
				mark := len(e.undo)
				defer e.unwind(mark)
				v, err := e.memoryWithCodecs(ctx)
				return []float64{v}, err
			}, nil
		},
	}
}

func (e *Env) memoryWithCodecs(ctx context.Context) (float64, error) {
	dir, err := e.scratch("codecs")
	if err != nil {
		return 0, err
	}
	broker, err := e.mosquitto(ctx, dir)
	if err != nil {
		return 0, err
	}
	health, err := freeAddr()
	if err != nil {
		return 0, err
	}
	text := fmt.Sprintf("gateway: %s\nestate: %s\nspool: {dir: spool}\nclock: {trust: always}\nuplink: {broker: \"tcp://%s\"}\nhealth: {listen: %q}\n"+
		"mqtt:\n  - name: lora\n    broker: \"tcp://%[3]s\"\n    family: chirpstack\n    devices: [{match: \"*\"}]\n    codecs:\n", gatewayID, estateID, broker, health)
	for i := range memoryCodecs {
		name := fmt.Sprintf("leak-%d.js", i)
		text += fmt.Sprintf("      P%d: {file: %s, map: {battery: {to: battery_pct, min: 0, max: 100}}}\n", i, name)
		source := fmt.Sprintf("// number %d\n%s", i, leakCodec)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600); err != nil {
			return 0, fmt.Errorf("write a codec: %w", err)
		}
	}
	p, err := e.gatewayOf(ctx, dir, []byte(text), health)
	if err != nil {
		return 0, err
	}
	if err := e.acknowledge(ctx, broker); err != nil {
		return 0, err
	}
	if err := sendFrames(ctx, broker); err != nil {
		return 0, err
	}
	return familyMemory(p.pid())
}

// sendFrames plays the network server.
func sendFrames(ctx context.Context, broker string) error {
	client, err := load.Dial(ctx, load.Options{Addr: broker, ClientID: "bench-lora"})
	if err != nil {
		return err
	}
	defer client.Close()
	frame, err := hex.DecodeString(leakFrame)
	if err != nil {
		return err
	}
	data := base64.StdEncoding.EncodeToString(frame)
	return load.Pace(ctx, memoryRate, int(memoryRate*memoryFor.Seconds()), func(j int) error {
		eui := fmt.Sprintf("%016x", j%memoryCodecs+1)
		return client.Publish("application/1/device/"+eui+"/event/up", fmt.Appendf(nil,
			`{"deviceInfo":{"devEui":%q,"deviceProfileName":"P%d"},"fCnt":%d,"fPort":85,"data":%q}`, eui, j%memoryCodecs, j, data))
	}, client.Flush)
}

// familyMemory adds up the resident memory of a process and of its children,
// of which there has to be one.
func familyMemory(pid int) (float64, error) {
	total, err := resident(pid)
	if err != nil {
		return 0, err
	}
	status, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		return 0, err
	}
	children := 0
	for _, path := range status {
		b, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(b), "\nPPid:\t"+strconv.Itoa(pid)+"\n") {
			continue // it has ended, or is another's
		}
		n, err := parseStatus(string(b))
		if err != nil {
			return 0, err
		}
		total += n
		children++
	}
	if children == 0 {
		return 0, fmt.Errorf("the gateway has no sandbox: were its codecs used?")
	}
	return float64(total) / mib, nil
}
