package evidence_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/evidence"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/ledger"
)

// house is a small estate with an order that has gone from fault to proof,
// among others of which the bundle must not tell.
type house struct {
	*apitest.House
	order plantroom.OrderID
	sees  func(plantroom.Tx) plantroom.Tx // what a bundle is made of; nil: what the store holds
}

const (
	technician = "Li Qiang"
	phone      = "+86 139 0000 1234"
	neighbour  = "Wu Gang"
)

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{House: apitest.New(t)}
	err := h.Store.Update(t.Context(), func(tx plantroom.Tx) error {
		terms, err := h.Desk.Terms(tx, h.Now())
		h.Desk.GoBy(terms)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	other := h.Open(apitest.Fault{Rule: "bin.full", Asset: "b2-bin-1", Cause: "full", Severity: plantroom.Medium, Detail: "94 % full"})
	o := h.Open(apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.Medium, Detail: "door does not close", Needed: 3})
	h.order = o.ID
	h.Pass(time.Minute)
	h.must(t, o, dispatch.Command{Do: plantroom.DoAcknowledge, By: technician, Note: "ring " + phone})
	h.must(t, other, dispatch.Command{Do: plantroom.DoAcknowledge, By: neighbour})
	h.must(t, o, dispatch.Command{Do: plantroom.DoArrive, By: technician})
	h.must(t, o, dispatch.Command{Do: plantroom.DoFix, By: technician, Note: "roller replaced, <b>flat 5A</b> told\u2028"})
	if _, err := h.Task(t.Context(), dispatch.TaskDone{Order: o.ID, Task: "cause", Actor: "person:lin", By: technician, Note: "roller worn, as flat 5A said"}); err != nil {
		t.Fatal(err)
	}
	h.Clear(o)
	h.Prove(o)
	h.Pass(dispatch.CloseAfter + time.Second)
	return h
}

func (h *house) must(t *testing.T, o plantroom.WorkOrder, cmd dispatch.Command) {
	t.Helper()
	o = h.Order(o.ID)
	cmd.Order, cmd.Actor = o.ID, "contractor:"+string(o.Contractor)
	if _, err := h.Command(t.Context(), cmd); err != nil {
		t.Fatal(err)
	}
}

// sensors gives series as InfluxDB would.
type sensors struct{ err error }

func (s sensors) Series(_ context.Context, measurement string, a plantroom.AssetID, from, to plantroom.Instant, limit int) ([]evidence.Table, error) {
	if s.err != nil || measurement != "lift" {
		return nil, s.err
	}
	t := evidence.Table{Device: plantroom.DeviceID(a) + "-box", Columns: []string{"time", "floor", "door", "empty"}}
	for at := from; at < to && len(t.Rows) < limit; at = at.Add(time.Minute) {
		t.Rows = append(t.Rows, []any{at, 3.5, "open", nil})
	}
	return []evidence.Table{t}, nil
}

// bundle makes the order's bundle.
func (h *house) bundle(t *testing.T, opt evidence.Options) []byte {
	t.Helper()
	if opt.Telemetry == nil && opt.NoTelemetry == "" {
		opt.Telemetry = sensors{}
	}
	opt.Estate, opt.Measurements = h.Estate().ID, []string{"lift", "device"}
	path := filepath.Join(t.TempDir(), "bundle.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = h.Store.View(t.Context(), func(tx plantroom.Tx) error {
		if h.sees != nil {
			tx = h.sees(tx)
		}
		_, _, err := evidence.Build(t.Context(), tx, h.order, f, opt)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// verify checks a bundle, which has to be one.
func verify(t *testing.T, b []byte) evidence.Report {
	t.Helper()
	r, err := evidence.Verify(bytes.NewReader(b), int64(len(b)), ledger.Head{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantFound checks that a bundle is broken where it is said to be, and what is said.
func wantFound(t *testing.T, b []byte, want string) {
	t.Helper()
	r := verify(t, b)
	for _, f := range r.Findings {
		if strings.Contains(f.String(), want) {
			return
		}
	}
	t.Errorf("found %v, want %q", r.Findings, want)
}

// forge changes a file of a bundle and lists it in the manifest as if it had
// always been so: what somebody does who knows the format.
func forge(t *testing.T, b []byte, name string, change func([]byte) []byte) []byte {
	t.Helper()
	files, err := evidence.Unzip(b)
	if err != nil {
		t.Fatal(err)
	}
	var m evidence.Manifest
	for i := range files {
		if files[i].Name == name {
			files[i].Data = change(bytes.Clone(files[i].Data))
		}
		if files[i].Name == "manifest.json" {
			if err := json.Unmarshal(files[i].Data, &m); err != nil {
				t.Fatal(err)
			}
		}
	}
	out, err := evidence.Zip(files, &m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func hashOf(b []byte) [sha256.Size]byte { return sha256.Sum256(b) }

func itoa(n int) string { return strconv.Itoa(n) }

// sums are what the page's SHA-256 has to give.
func sums() (out []string) {
	for _, n := range []int{0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000} {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i * 7)
		}
		for range 5 {
			out = append(out, plantroom.Hash(sha256.Sum256(b)).String())
		}
	}
	return out
}
