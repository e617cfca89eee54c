package evidence_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/evidence"
	"plantroom/services/ledger"
)

// entry is a file of a zip made by hand.
type entry struct {
	name     string
	data     string
	size     uint32 // as the headers say; 0: what data has
	method   uint16
	external uint32
}

// byHand makes a zip file in the form of bundles, but for what the entries say.
func byHand(entries ...entry) []byte {
	var b, dir []byte
	le := binary.LittleEndian
	for _, e := range entries {
		size := e.size
		if size == 0 {
			size = uint32(len(e.data))
		}
		common := le.AppendUint16(nil, 10)
		for _, v := range []uint16{0, e.method, 0, 33} {
			common = le.AppendUint16(common, v)
		}
		for _, v := range []uint32{crc32.ChecksumIEEE([]byte(e.data)), uint32(len(e.data)), size} {
			common = le.AppendUint32(common, v)
		}
		common = le.AppendUint16(le.AppendUint16(common, uint16(len(e.name))), 0)
		dir = append(le.AppendUint16(le.AppendUint32(dir, 0x02014b50), 10), common...)[:len(dir)+6+len(common)]
		dir = append(dir, 0, 0, 0, 0, 0, 0)
		dir = le.AppendUint32(le.AppendUint32(dir, e.external), uint32(len(b)))
		dir = append(dir, e.name...)
		b = append(append(append(le.AppendUint32(b, 0x04034b50), common...), e.name...), e.data...)
	}
	at := len(b)
	b = append(b, dir...)
	b = append(le.AppendUint32(b, 0x06054b50), 0, 0, 0, 0)
	b = le.AppendUint16(le.AppendUint16(b, uint16(len(entries))), uint16(len(entries)))
	b = le.AppendUint32(le.AppendUint32(b, uint32(len(dir))), uint32(at))
	return append(b, 0, 0)
}

func deflated(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 64 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHostileArchivesAreRefusedAndNothingIsInflated(t *testing.T) {
	m := entry{name: "manifest.json", data: "{}"}
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"nothing":               {nil, "bytes"},
		"a text":                {[]byte(strings.Repeat("no zip file at all ", 9)), "does not end as a bundle does"},
		"a bomb":                {deflated(t), ""},
		"a bomb by hand":        {byHand(entry{name: "manifest.json", data: "x", size: 1 << 31, method: 8}), "not of the form"},
		"a larger size":         {byHand(entry{name: "manifest.json", data: "x", size: 1 << 31}), "not of the form"},
		"a path":                {byHand(entry{name: "../../etc/passwd", data: "x"}, m), "is called"},
		"an absolute path":      {byHand(entry{name: "/etc/passwd", data: "x"}, m), "is called"},
		"a path of Windows":     {byHand(entry{name: `c:\x`, data: "x"}, m), "is called"},
		"a hidden file":         {byHand(entry{name: ".profile", data: "x"}, m), "is called"},
		"a control character":   {byHand(entry{name: "a\x00b", data: "x"}, m), "is called"},
		"a long name":           {byHand(entry{name: strings.Repeat("a", 101), data: "x"}, m), ""},
		"a name twice":          {byHand(m, m), "twice"},
		"a link":                {byHand(entry{name: "manifest.json", data: "/etc/passwd", external: 0xa1ff0000}), "not of the form"},
		"too many files":        {byHand(slicesOf(65)...), "files"},
		"no manifest":           {byHand(entry{name: "a.txt", data: "x"}), "none that this version knows"},
		"bytes before":          {append([]byte("MZ"), byHand(m)...), ""},
		"bytes behind":          {append(byHand(m), 0), ""},
		"a manifest of nothing": {byHand(m), "none that this version knows"},
		"a manifest too deep":   {byHand(entry{name: "manifest.json", data: strings.Repeat("[", 1<<20)}), "none that this version knows"},
	} {
		_, err := evidence.Verify(bytes.NewReader(c.file), int64(len(c.file)), ledger.Head{})
		if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want it refused with %q", name, err, c.says)
		}
	}
}

func slicesOf(n int) []entry {
	out := make([]entry, n)
	for i := range out {
		out[i] = entry{name: "f" + strings.Repeat("x", i%90) + string(rune('a'+i/26)) + string(rune('a'+i%26)), data: "x"}
	}
	return out
}

// FuzzVerify: whatever the bytes, no panic and little memory; and a bundle that
// is not the one that was made is never called whole.
func FuzzVerify(f *testing.F) {
	m := entry{name: "manifest.json", data: `{"format":"plantroom-evidence/1","order":"wo-000001","as_of":"","redacted":false,"ledger":{"before":"` + strings.Repeat("0", 64) + `","from":1,"to":1,"hash":"` + strings.Repeat("0", 64) + `","head":true},"files":[],"missing":[]}`}
	f.Add(byHand(m))
	f.Add(byHand(entry{name: "ledger.jsonl", data: `{"seq":1,"form":2,"prev":"` + strings.Repeat("0", 64) + `","hash":"` + strings.Repeat("0", 64) + `","fields":[{"name":"at","value":"1","salt":"` + strings.Repeat("0", 64) + `"}]}` + "\n"}, m))
	f.Add(byHand(entry{name: "ledger.jsonl", data: `{"seq":1,"form":1,"hash":"` + strings.Repeat("0", 64) + `"}` + "\n"}, entry{name: "terms.jsonl", data: "{}\n"}, m))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := evidence.Verify(bytes.NewReader(b), int64(len(b)), ledger.Head{})
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20+64*uint64(len(b)) {
			t.Errorf("%d bytes took %d bytes of memory", len(b), used)
		}
		if err == nil && len(r.Findings) == 0 && r.Rows > r.Unproved && r.Shown > 0 {
			t.Errorf("it is called whole: %+v", r)
		}
	})
}
