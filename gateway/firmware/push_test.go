package firmware_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/node/mcuboot"
	"plantroom/firmware-bridge/node/nodetest"
	"plantroom/firmware-bridge/node/smp"
	"plantroom/gateway/firmware"
	"plantroom/internal/mqttconn"
)

var (
	key   = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	other = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
)

// The slots of the host build of the firmware.
const slot, page = 64 << 10, 4 << 10

// bench is a node whose flash outlives it.
type bench struct {
	t       *testing.T
	program string
	flash   string
	args    []string
	node    *nodetest.Node
	cable   *cable
}

// newBench starts a node that runs version 1.0.0 with security counter 5.
func newBench(t *testing.T, args ...string) *bench {
	b := &bench{t: t, program: nodetest.Build(t), flash: filepath.Join(t.TempDir(), "flash"), args: args, cable: &cable{}}
	content := bytes.Repeat([]byte{0xff}, 2*slot+2*page)
	copy(content, nodetest.Image{Major: 1, Counter: 5, Size: 2000, Key: key}.Bytes())
	if err := os.WriteFile(b.flash, content, 0o600); err != nil {
		t.Fatal(err)
	}
	b.power()
	return b
}

// power takes the node's power away, if it has any, and gives it again.
func (b *bench) power() {
	if b.node != nil {
		b.node.Kill()
	}
	public := key.Public().(ed25519.PublicKey)
	args := append([]string{"--id", "7", "--flash", b.flash, "--key", hex.EncodeToString(public)}, b.args...)
	b.node = nodetest.Start(b.t, b.program, args...)
	b.cable.plug(b.node)
}

// runs returns what the node said when it last started.
func (b *bench) runs() string {
	last := func() string {
		log := b.node.Log()
		i := len(log) - 1
		for i >= 0 && !strings.HasPrefix(log[i], "boot ") {
			i--
		}
		if i < 0 {
			return ""
		}
		return log[i]
	}
	b.wait("the node has started", func() bool { return last() != "" })
	return last()
}

func (b *bench) wait(what string, done func() bool) {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("waited in vain for: %s; the node says %q", what, b.node.Log())
		}
	}
}

func (b *bench) push(ctx context.Context, file []byte, change func(*firmware.Options)) error {
	b.t.Helper()
	image, err := mcuboot.Check(file, key.Public().(ed25519.PublicKey))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(ctx, file, image, change)
}

func (b *bench) send(ctx context.Context, file []byte, image mcuboot.Image, change func(*firmware.Options)) error {
	o := firmware.Options{Open: b.cable.Open, Patience: 10 * time.Second, Backoff: mqttconn.Backoff{First: time.Millisecond, Cap: 5 * time.Millisecond}}
	if change != nil {
		change(&o)
	}
	return firmware.Push(ctx, file, image, o)
}

func second(size int) []byte {
	return nodetest.Image{Major: 2, Counter: 6, Size: size, Key: key}.Bytes()
}

func TestNewFirmwareRunsAndStays(t *testing.T) {
	b := newBench(t)
	if got := b.runs(); got != "boot 1.0.0" {
		t.Fatal(got)
	}
	file, told := second(20_000), []int{}
	if err := b.push(t.Context(), file, func(o *firmware.Options) { o.Progress = func(done, _ int) { told = append(told, done) } }); err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(told) || told[len(told)-1] != len(file) {
		t.Errorf("progress %v of %d", told, len(file))
	}
	if got := b.runs(); got != "boot 2.0.0 on trial" {
		t.Errorf("it runs %q", got)
	}
	b.power()
	if got := b.runs(); got != "boot 2.0.0" {
		t.Errorf("after a power cut it runs %q", got)
	}
	notes := ""
	if err := b.push(t.Context(), file, func(o *firmware.Options) { o.Note = func(f string, a ...any) { notes += fmt.Sprintf(f, a...) } }); err != nil || notes != "the node runs 2.0.0 already" {
		t.Errorf("pushed once more: %q, %v", notes, err)
	}
}

func TestFirmwareThatNobodyConfirmsGoesBack(t *testing.T) {
	for name, args := range map[string][]string{"after a power cut": nil, "after its time": {"--trial-ms", "1500"}} {
		b := newBench(t, args...)
		b.until(second(2000), 1<<30, "confirming")
		b.wait("the trial", func() bool { return slices.Contains(b.node.Log(), "boot 2.0.0 on trial") })
		if args == nil {
			b.power()
		}
		b.wait(name, func() bool { return b.runs() == "boot 1.0.0" })
		if err := b.push(t.Context(), second(2000), func(o *firmware.Options) {
			o.Progress = func(int, int) { t.Errorf("%s: the image is sent again, and the node has it", name) }
		}); err != nil {
			t.Errorf("%s: pushed once more: %v", name, err)
		}
		if got := b.runs(); got != "boot 2.0.0 on trial" {
			t.Errorf("%s: pushed once more, it runs %q", name, got)
		}
	}
}

// The node trusts nobody's checks but its own.
func TestANodeTakesNoBadImage(t *testing.T) {
	b := newBench(t)
	for _, bad := range nodetest.BadImages(key, other) {
		// A gateway that does not check.
		err := b.send(t.Context(), bad.File, mcuboot.Image{Version: mcuboot.Version{Major: 9}, Hash: [32]byte{1}}, nil)
		if plantroom.CodeOf(err) != plantroom.CodeForbidden || !strings.Contains(err.Error(), bad.Node) {
			t.Errorf("an image %s: %v; want %q", bad.Name, err, bad.Node)
		}
	}
	if err := b.push(t.Context(), nodetest.Image{Major: 3, Counter: 4, Size: 2000, Key: key}.Bytes(), nil); err != nil {
		t.Errorf("before a counter was confirmed: %v", err) // 1.0.0 was flashed by hand, and its counter never confirmed
	}
	if err := b.push(t.Context(), second(2000), func(o *firmware.Options) { o.Older = true }); err != nil {
		t.Fatal(err)
	}
	err := b.push(t.Context(), nodetest.Image{Major: 4, Counter: 5, Size: 2000, Key: key}.Bytes(), nil)
	if plantroom.CodeOf(err) != plantroom.CodeForbidden || !strings.Contains(err.Error(), "security counter is older") {
		t.Errorf("an older security counter: %v", err)
	}
	if err := b.push(t.Context(), nodetest.Image{Major: 4, Counter: 6, Size: slot, Key: key}.Bytes(), nil); plantroom.CodeOf(err) != plantroom.CodeForbidden {
		t.Errorf("larger than the slot: %v", err)
	}
	b.power()
	if got := b.runs(); got != "boot 2.0.0" {
		t.Errorf("in the end it runs %q", got)
	}
}

// until pushes an image and loses the gateway when it has said so much.
func (b *bench) until(file []byte, progress int, note string) {
	b.t.Helper()
	ctx, stop := context.WithCancel(b.t.Context())
	defer stop()
	err := b.push(ctx, file, func(o *firmware.Options) {
		o.Progress = func(done, _ int) {
			if done > progress {
				stop()
			}
		}
		o.Note = func(f string, _ ...any) {
			if strings.HasPrefix(f, note) {
				stop()
			}
		}
	})
	if plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		b.t.Fatalf("the gateway was lost, and push says %v", err)
	}
}

func TestASecondPushGoesOnWhereTheFirstWasCut(t *testing.T) {
	b := newBench(t)
	b.until(second(5000), 2000, "never")
	var told []int
	err := b.push(t.Context(), second(5000), func(o *firmware.Options) { o.Progress = func(done, _ int) { told = append(told, done) } })
	if err != nil || told[0] <= 2000 {
		t.Errorf("%v; it began at %v", err, told)
	}
}

func TestAnotherImageDoesNotGoOnWhereACutOneWas(t *testing.T) {
	b := newBench(t)
	b.until(second(5000), 2000, "never")
	third := nodetest.Image{Major: 3, Counter: 6, Size: 5000, Key: key}.Bytes() // of the same length
	if err := b.push(t.Context(), third, nil); err != nil {
		t.Fatal(err)
	}
	if got := b.runs(); got != "boot 3.0.0 on trial" {
		t.Errorf("it runs %q", got)
	}
}

func TestTheWayBackIsNotOverwrittenDuringATrial(t *testing.T) {
	b := newBench(t)
	b.until(second(2000), 1<<30, "confirming")
	err := b.push(t.Context(), nodetest.Image{Major: 3, Counter: 6, Size: 2000, Key: key}.Bytes(), nil)
	if plantroom.CodeOf(err) != plantroom.CodeForbidden || !strings.Contains(err.Error(), "confirm what runs first") {
		t.Errorf("%v", err)
	}
	b.power()
	if got := b.runs(); got != "boot 1.0.0" {
		t.Errorf("it went back to %q", got)
	}
}

// A node whose first firmware was flashed by hand takes what imgtool has signed.
func TestAnImageThatImgtoolSignedRuns(t *testing.T) {
	const from = "../../firmware-bridge/node/mcuboot/testdata/imgtool."
	text, err := os.ReadFile(from + "pub")
	if err != nil {
		t.Fatal(err)
	}
	public, err := mcuboot.Key(text)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(from + "bin")
	if err != nil {
		t.Fatal(err)
	}
	image, err := mcuboot.Check(file, public)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, "--key", hex.EncodeToString(public))
	if got := b.runs(); got != "boot 0.0.0" {
		t.Errorf("with another key the node calls its firmware %q", got)
	}
	if err := b.send(t.Context(), file, image, nil); err != nil {
		t.Error(err)
	}
	b.power()
	if got := b.runs(); got != "boot 2.1.0.3" {
		t.Errorf("it runs %q", got)
	}
}

func TestAnOlderVersionIsPushedOnlyWhenAskedFor(t *testing.T) {
	b := newBench(t)
	old := nodetest.Image{Major: 0, Minor: 9, Counter: 5, Size: 2000, Key: key}.Bytes()
	if err := b.push(t.Context(), old, nil); plantroom.CodeOf(err) != plantroom.CodeConflict {
		t.Errorf("%v", err)
	}
	if err := b.push(t.Context(), old, func(o *firmware.Options) { o.Older = true }); err != nil {
		t.Error(err)
	}
}

// frames is how many SMP lines an update takes, either way.
func frames(t *testing.T, file []byte) int {
	t.Helper()
	b := newBench(t)
	if err := b.push(t.Context(), file, nil); err != nil {
		t.Fatal(err)
	}
	return b.cable.count()
}

// The line is cut in the middle of each frame of an update in turn. In the end
// the new firmware runs; at no time is there a node without a whole image.
func TestAnUpdateGoesOnWhereTheLineWasCut(t *testing.T) {
	file := second(2500)
	n := frames(t, file)
	if n < 50 {
		t.Fatalf("an update takes %d frames only", n)
	}
	for at := 1; at <= n; at++ {
		b := newBench(t)
		b.cable.cutAt = at
		var told []int
		err := b.push(t.Context(), file, func(o *firmware.Options) { o.Progress = func(done, _ int) { told = append(told, done) } })
		if err != nil {
			t.Errorf("cut in frame %d of %d: %v; the node says %q", at, n, err, b.node.Log())
		}
		if !slices.IsSorted(told) || b.cable.count() > n+10 {
			t.Errorf("cut in frame %d of %d: pieces were sent again: %v, in %d frames", at, n, told, b.cable.count())
		}
		b.power()
		if got := b.runs(); got != "boot 2.0.0" {
			t.Errorf("cut in frame %d of %d: it runs %q", at, n, got)
		}
		b.node.Kill()
	}
}

// The same, and the gateway is dead after it, and then the node loses its power.
func TestACutUpdateLeavesWholeFirmwareAndIsRepeated(t *testing.T) {
	file := second(2500)
	n := frames(t, file)
	for at := 1; at <= n; at++ {
		b := newBench(t)
		ctx, stop := context.WithCancel(t.Context())
		b.cable.cutAt, b.cable.then = at, stop
		err := b.push(ctx, file, nil)
		stop()
		if err == nil && at < n-2 {
			t.Errorf("dead in frame %d of %d: it was not noticed", at, n)
		}
		b.power()
		if got := b.runs(); got != "boot 1.0.0" && got != "boot 2.0.0" && got != "boot 2.0.0 on trial" {
			t.Fatalf("dead in frame %d of %d: the node runs %q", at, n, got)
		}
		b.cable.cutAt = 0
		if err := b.push(t.Context(), file, nil); err != nil {
			t.Errorf("dead in frame %d of %d, and repeated: %v", at, n, err)
		}
		b.power()
		if got := b.runs(); got != "boot 2.0.0" {
			t.Errorf("dead in frame %d of %d, and repeated: it runs %q", at, n, got)
		}
		b.node.Kill()
	}
}

// The node loses its power in each frame, while the gateway goes on.
func TestAnUpdateSurvivesTheNodesPowerCuts(t *testing.T) {
	file := second(2500)
	n := frames(t, file)
	for at := 1; at <= n; at++ {
		b := newBench(t)
		b.cable.cutAt, b.cable.then = at, b.power
		err := b.push(t.Context(), file, nil)
		if err != nil && plantroom.CodeOf(err) != plantroom.CodeConflict { // cut in its trial, it goes back, and that is said
			t.Errorf("no power in frame %d of %d: %v", at, n, err)
		}
		if got := b.runs(); got == "boot 0.0.0" {
			t.Fatalf("no power in frame %d of %d: the node has no firmware", at, n)
		}
		if err := b.push(t.Context(), file, nil); err != nil {
			t.Errorf("no power in frame %d of %d, and repeated: %v", at, n, err)
		}
		b.power()
		if got := b.runs(); got != "boot 2.0.0" {
			t.Errorf("no power in frame %d of %d: it runs %q", at, n, got)
		}
		b.node.Kill()
	}
}

func TestANodeThatDoesNotAnswerIsGivenUp(t *testing.T) {
	b := newBench(t)
	b.node.Kill()
	quick := func(o *firmware.Options) { o.Tries, o.Patience = 2, time.Millisecond }
	err := b.push(t.Context(), second(2000), quick)
	if plantroom.CodeOf(err) != plantroom.CodeUnavailable || !strings.Contains(err.Error(), "baud rate") {
		t.Errorf("%v", err)
	}
	err = b.push(t.Context(), second(2000), func(o *firmware.Options) {
		quick(o)
		o.Open = func() (firmware.Port, error) { return nil, plantroom.Errorf(plantroom.CodeNotFound, "no such line") }
	})
	if plantroom.CodeOf(err) != plantroom.CodeNotFound {
		t.Errorf("%v", err)
	}
}

// What a node says may be anything: it is never believed beyond the file.
func TestALyingNodeEndsThePush(t *testing.T) {
	off := uint32(1 << 31)
	for name, body := range map[string]any{
		"beyond the file": smp.UploadAnswer{Off: &off},
		"no offset":       smp.EchoAnswer{},
	} {
		o := firmware.Options{Open: func() (firmware.Port, error) { return &liar{body: body}, nil }, Tries: 2, Patience: time.Second}
		file := second(2000)
		image, err := mcuboot.Check(file, key.Public().(ed25519.PublicKey))
		if err != nil {
			t.Fatal(err)
		}
		if err := firmware.Push(t.Context(), file, image, o); err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// liar answers each question at once, uploads with body.
type liar struct {
	body  any
	lines smp.Assembler
	out   []byte
}

func (l *liar) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p[1:]) {
		m, err := l.lines.Line(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil || m == nil {
			continue
		}
		var body any = smp.ParametersAnswer{Size: 384}
		if m[5] == 1 && m[7] == 1 {
			body = l.body
		}
		answer, err := smp.Encode(smp.Command{Op: smp.Op(m[0]&7) + 1, Group: uint16(m[5]), ID: m[7]}, m[6], body)
		if err != nil {
			return 0, err
		}
		l.out = smp.AppendLines(l.out, answer)
	}
	return len(p), nil
}

func (l *liar) Read(p []byte) (int, error) {
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}
func (l *liar) Close() error { return nil }
