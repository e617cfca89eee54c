package influx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom"
	"plantroom/services/influx"
	"plantroom/services/influxd"
	"plantroom/services/influxd/influxdtest"
)

var bin = &plantroom.Series{Measurement: "bin", Estate: "story", Building: "b1", Asset: "b1-bin-1", Device: "d1"}

const t0 = plantroom.Instant(1_700_000_000_000_000_000)

func points(n int) []plantroom.Point {
	ps := make([]plantroom.Point, n)
	for i := range ps {
		ps[i] = plantroom.Point{Series: bin, Signal: "fill", Value: plantroom.Float(float64(i)), At: t0 + plantroom.Instant(i)}
	}
	return ps
}

// fussy answers like an InfluxDB that never takes lines with "bad" in them.
type fussy struct {
	got   []string // lines that were taken
	limit int      // 413 above so many lines; 0: none
	says  string
}

func (f *fussy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	switch {
	case r.URL.Query().Get("precision") != "ns":
		http.Error(w, "no precision", http.StatusInternalServerError)
	case f.limit > 0 && len(lines) > f.limit:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case strings.Contains(string(body), "bad"):
		http.Error(w, f.says, http.StatusBadRequest)
	default:
		f.got = append(f.got, lines...)
		w.WriteHeader(http.StatusNoContent)
	}
}

func newWriter(t testing.TB, h http.Handler) *influx.Writer {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	w := influx.NewWriter(influx.Options{URL: srv.URL, Database: "plantroom", Timeout: 5 * time.Second})
	t.Cleanup(w.Close)
	return w
}

func TestBadLinesAreFoundInFewRequests(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 600).Draw(rt, "n")
		bad := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, min(n, 12), rapid.ID).Draw(rt, "bad")
		ps := points(n)
		for _, i := range bad {
			ps[i].Value = plantroom.String("bad")
		}
		f := &fussy{says: "partial write: field type conflict"}
		srv := httptest.NewServer(f)
		defer srv.Close()
		w := influx.NewWriter(influx.Options{URL: srv.URL, Database: "plantroom"})
		defer w.Close()

		refused, err := w.Write(context.Background(), ps)
		if err != nil {
			rt.Fatal(err)
		}
		var got []int
		for _, r := range refused {
			got = append(got, r.Index)
			if !strings.Contains(r.Reason, "field type conflict") {
				rt.Errorf("reason %q", r.Reason)
			}
		}
		slices.Sort(bad)
		if !slices.Equal(got, bad) {
			rt.Errorf("refused %v, want %v", got, bad)
		}
		if len(f.got) != n-len(bad) {
			rt.Errorf("%d lines stored, want %d", len(f.got), n-len(bad))
		}
		if most := int64(1 + 2*len(bad)*bits.Len(uint(n-1))); w.Requests() > most {
			rt.Errorf("%d requests for %d bad of %d: at most %d", w.Requests(), len(bad), n, most)
		}
	})
}

func TestABadFieldDoesNotTakeItsLineWithIt(t *testing.T) {
	f := &fussy{says: "partial write: field type conflict"}
	ps := points(9)
	for i, signal := range []string{"a", "b", "c"} {
		for j := range 3 {
			ps[3*j+i].Signal, ps[3*j+i].At = signal, t0+plantroom.Instant(j)
		}
	}
	ps[4].Value = plantroom.String("bad")
	w := newWriter(t, f)
	refused, err := w.Write(t.Context(), ps)
	if err != nil || len(refused) != 1 || refused[0].Index != 4 {
		t.Fatalf("refused %v, %v", refused, err)
	}
	const tags = "bin,asset=b1-bin-1,building=b1,device=d1,estate=story "
	want := []string{
		tags + "a=0,b=1,c=2 1700000000000000000",
		tags + "a=3 1700000000000000001", tags + "c=5 1700000000000000001",
		tags + "a=6,b=7,c=8 1700000000000000002",
	}
	slices.Sort(f.got)
	slices.Sort(want)
	if !slices.Equal(f.got, want) {
		t.Errorf("stored\n%s\nwant\n%s", strings.Join(f.got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTooLargeARequestIsHalved(t *testing.T) {
	f := &fussy{limit: 100}
	refused, err := newWriter(t, f).Write(t.Context(), points(1000))
	if err != nil || len(refused) != 0 || len(f.got) != 1000 {
		t.Errorf("stored %d, refused %v, %v", len(f.got), refused, err)
	}
}

func TestNoRequestCarriesMoreThanFiveThousandLines(t *testing.T) {
	var most int
	w := newWriter(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		most = max(most, strings.Count(string(body), "\n"))
		w.WriteHeader(http.StatusNoContent)
	}))
	if _, err := w.Write(t.Context(), points(12_000)); err != nil || most != influx.MaxLines {
		t.Errorf("most %d, %v", most, err)
	}
}

func TestUnwritablePointsAreNamedByTheirOwnIndex(t *testing.T) {
	f := &fussy{says: "unable to parse"}
	ps := points(10)
	ps[2].Value = plantroom.Value{}
	ps[7].Value = plantroom.String("bad")
	refused, err := newWriter(t, f).Write(t.Context(), ps)
	if err != nil || len(refused) != 2 || refused[0].Index != 2 || refused[1].Index != 7 {
		t.Errorf("refused %v, %v", refused, err)
	}
}

func TestARequestRefusedForItselfCondemnsNoLine(t *testing.T) {
	w := newWriter(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "bucket name is not valid", http.StatusBadRequest)
	}))
	refused, err := w.Write(t.Context(), points(40))
	if plantroom.CodeOf(err) != plantroom.CodeForbidden || len(refused) != 0 {
		t.Errorf("refused %d, %v", len(refused), err)
	}
}

func TestFailuresAreToldApart(t *testing.T) {
	tests := []struct {
		status int
		header string
		code   plantroom.Code
		after  time.Duration
		person bool
	}{
		{http.StatusServiceUnavailable, "7", plantroom.CodeUnavailable, 7 * time.Second, false},
		{http.StatusTooManyRequests, "30", plantroom.CodeUnavailable, 30 * time.Second, false},
		{http.StatusInternalServerError, "", plantroom.CodeUnavailable, 0, false},
		{http.StatusUnauthorized, "", plantroom.CodeUnauth, 0, true},
		{http.StatusForbidden, "", plantroom.CodeForbidden, 0, true},
		{http.StatusNotFound, "", plantroom.CodeNotFound, 0, true},
	}
	for _, tt := range tests {
		t.Run(http.StatusText(tt.status), func(t *testing.T) {
			w := newWriter(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				w.WriteHeader(tt.status)
			}))
			_, err := w.Write(t.Context(), points(3))
			checkFailure(t, err, tt.code, tt.after, tt.person)
			if w.Requests() != 1 {
				t.Errorf("%d requests: a failure is not retried here", w.Requests())
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		w := influx.NewWriter(influx.Options{URL: "http://127.0.0.1:1", Database: "plantroom"})
		_, err := w.Write(t.Context(), points(3))
		checkFailure(t, err, plantroom.CodeUnavailable, 0, false)
	})
}

func checkFailure(t *testing.T, err error, code plantroom.Code, after time.Duration, person bool) {
	t.Helper()
	var send *plantroom.SendError
	if plantroom.CodeOf(err) != code || !errors.As(err, &send) {
		t.Fatalf("got %v", err)
	}
	if send.After != after || send.Permanent != person {
		t.Errorf("after %v, permanent %v; want %v, %v", send.After, send.Permanent, after, person)
	}
}

func TestRealInfluxDB(t *testing.T) {
	s := influxdtest.Start(t, influxd.Options{Auth: true})
	opt := influx.Options{URL: s.URL(), Token: s.Token(), Database: s.Database() + "/autogen"}
	w, r := influx.NewWriter(opt), influx.NewReader(opt)
	t.Cleanup(w.Close)

	t.Run("a replay changes nothing", func(t *testing.T) {
		for range 3 {
			if refused, err := w.Write(t.Context(), points(7000)); err != nil || len(refused) > 0 {
				t.Fatal(refused, err)
			}
		}
		if n, err := r.Count(t.Context(), "bin"); n != 7000 || err != nil {
			t.Errorf("count %d, %v", n, err)
		}
	})
	t.Run("nanoseconds come back exactly", func(t *testing.T) {
		got, err := r.Query(t.Context(), `SELECT fill FROM bin ORDER BY time DESC LIMIT 1`)
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		if at, v := got[0].Rows[0][0], got[0].Rows[0][1]; at != t0+6999 || v != 6999.0 {
			t.Errorf("got %v %v", at, v)
		}
	})
	t.Run("a wrong type is refused and the rest stored", func(t *testing.T) {
		ps := points(5000)
		for i := range ps {
			ps[i].At += 1_000_000_000
		}
		for _, i := range []int{0, 2500, 4999} {
			ps[i].Value = plantroom.String("full")
		}
		refused, err := w.Write(t.Context(), ps)
		if err != nil || len(refused) != 3 || refused[1].Index != 2500 || !strings.Contains(refused[1].Reason, "field type conflict") {
			t.Fatal(refused, err)
		}
		if n, err := r.Count(t.Context(), "bin"); n != 7000+4997 || err != nil {
			t.Errorf("count %d, %v", n, err)
		}
	})
	t.Run("a wrong field is refused and the rest of its line stored", func(t *testing.T) {
		ps := []plantroom.Point{
			{Series: bin, Signal: "fill", Value: plantroom.Float(0.5), At: t0 + 2_000_000_000},
			{Series: bin, Signal: "state", Value: plantroom.String("ok"), At: t0 + 2_000_000_000},
			{Series: bin, Signal: "state", Value: plantroom.Float(1), At: t0 + 2_000_000_001},
			{Series: bin, Signal: "fill", Value: plantroom.Float(0.6), At: t0 + 2_000_000_001},
		}
		refused, err := w.Write(t.Context(), ps)
		if err != nil || len(refused) != 1 || refused[0].Index != 2 {
			t.Fatal(refused, err)
		}
		got, err := r.Query(t.Context(), fmt.Sprintf(`SELECT fill, state FROM bin WHERE time >= %d`, t0+2_000_000_000))
		want := [][]any{{t0 + 2_000_000_000, 0.5, "ok"}, {t0 + 2_000_000_001, 0.6, nil}}
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0].Rows, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	})
	t.Run("names and states come back as they were", func(t *testing.T) { roundTrip(t, w, r) })
	t.Run("faults are told apart", func(t *testing.T) {
		if _, err := r.Query(t.Context(), "SELEKT"); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("bad query: %v", err)
		}
		wrong := opt
		wrong.Token = "plantroom:wrong"
		if _, err := influx.NewReader(wrong).Query(t.Context(), "SHOW DATABASES"); plantroom.CodeOf(err) != plantroom.CodeUnauth {
			t.Errorf("bad password, query: %v", err)
		}
		if _, err := influx.NewWriter(wrong).Write(t.Context(), points(1)); plantroom.CodeOf(err) != plantroom.CodeUnauth {
			t.Errorf("bad password, write: %v", err)
		}
		wrong = opt
		wrong.Database = "elsewhere"
		if _, err := influx.NewWriter(wrong).Write(t.Context(), points(1)); plantroom.CodeOf(err) != plantroom.CodeNotFound {
			t.Errorf("no such database: %v", err)
		}
	})
}

// roundTrip writes odd names and states to the real server and reads them back.
func roundTrip(t *testing.T, w *influx.Writer, r *influx.Reader) {
	at := t0
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune(`ab ,="\é日`)), 1, 8, -1)
		state := rapid.StringOfN(rapid.RuneFrom([]rune("ab ,=\"\\\n\r\f\x00'#é日")), 0, 8, -1).Draw(rt, "state")
		at++
		p := plantroom.Point{
			Series: &plantroom.Series{Measurement: "odd", Asset: plantroom.AssetID(text.Draw(rt, "asset")), Device: plantroom.DeviceID(fmt.Sprint("d", at))},
			Signal: "state", Value: plantroom.String(state), At: at,
		}
		refused, err := w.Write(context.Background(), []plantroom.Point{p})
		if err != nil {
			rt.Fatal(err)
		}
		if len(refused) > 0 {
			if !strings.Contains(string(p.Series.Asset), `\`) {
				rt.Fatalf("refused: %v", refused)
			}
			return
		}
		got, err := r.Query(context.Background(), fmt.Sprintf(`SELECT "state" FROM odd WHERE time = %d GROUP BY asset`, at))
		if err != nil || len(got) != 1 {
			rt.Fatal(got, err)
		}
		if got[0].Tags["asset"] != string(p.Series.Asset) || got[0].Rows[0][1] != state {
			rt.Errorf("wrote %q %q, got %q %q", p.Series.Asset, state, got[0].Tags["asset"], got[0].Rows[0][1])
		}
	})
}

func BenchmarkRender(b *testing.B) {
	w := influx.NewWriter(influx.Options{URL: "http://127.0.0.1:1", Database: "plantroom", Client: &http.Client{Transport: taker{}}})
	ps := points(5000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(b.Context(), ps); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*5000/b.Elapsed().Seconds(), "lines/s")
}

// taker takes every request without sending it.
type taker struct{}

func (taker) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
}
