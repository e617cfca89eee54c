package evidence_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"plantroom/internal/parts"
	"plantroom/services/evidence"
)

// openPage opens the page from a file, in a browser that has no network.
func openPage(t *testing.T) context.Context {
	t.Helper()
	path := parts.Program(t, "chromium", "chromium")
	page := filepath.Join(t.TempDir(), "verify.html")
	if err := os.WriteFile(page, evidence.Page, 0o600); err != nil {
		t.Fatal(err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the first run starts the browser and must have no deadline
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	messages := chromedp.Console(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" || m.Type == "warning" {
				t.Errorf("the console says: %s %s", m.Type, m.Text)
			}
		}
	}()
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); <-done })
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+page), chromedp.WaitVisible("#file")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// give hands the page a file, and returns the verdict and what is broken.
func give(t *testing.T, ctx context.Context, b []byte) (good bool, verdict string, findings []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	err := chromedp.Do(ctx, chromedp.Steps(
		chromedp.Evaluate[chromedp.Void](`document.getElementById('verdict').hidden = true; document.getElementById('out').textContent = '';`),
		chromedp.SetUploadFiles("#file", []string{file}),
	))
	if err != nil {
		t.Fatal(err)
	}
	var text string
	for text == "" { // until the page has a verdict; the browser's context has the deadline
		text, err = chromedp.Run(ctx, chromedp.Evaluate[string](`document.getElementById('verdict').hidden ? '' :
			JSON.stringify([document.getElementById('verdict').className, document.getElementById('verdict').textContent,
			Array.from(document.querySelectorAll('#findings li'), (x) => x.textContent)])`))
		if err != nil {
			t.Fatal(err)
		}
	}
	var got []json.RawMessage
	var class string
	if err := json.Unmarshal([]byte(text), &got); err == nil {
		_ = json.Unmarshal(got[0], &class)
		_ = json.Unmarshal(got[1], &verdict)
		_ = json.Unmarshal(got[2], &findings)
	}
	return class == "good", verdict, findings
}

func TestThePageFindsAGoodBundleGoodAndNamesWhatIsBroken(t *testing.T) {
	h := newHouse(t)
	b := h.bundle(t, evidence.Options{})
	redacted := h.bundle(t, evidence.Options{Redact: true})
	ctx := openPage(t)
	if good, verdict, findings := give(t, ctx, b); !good || len(findings) > 0 {
		t.Fatalf("a good bundle: %s %q", verdict, findings)
	}
	body, err := chromedp.Run(ctx, chromedp.Text("body"))
	if err != nil {
		t.Fatal(err)
	}
	r := verify(t, b)
	for _, want := range []string{technician, "order.acknowledge", r.Head.String(), r.Sum.String(), "<b>flat 5A</b>", "contract quicklift", "nobody has handed any in"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if good, verdict, findings := give(t, ctx, redacted); !good || len(findings) > 0 {
		t.Errorf("a redacted bundle: %s %q", verdict, findings)
	}

	row := int(r.Manifest.Ledger.From) + 4
	change := func(f func(rows [][]byte) [][]byte) []byte {
		return forge(t, b, "ledger.jsonl", func(text []byte) []byte { return bytes.Join(f(rowsOf(text)), nil) })
	}
	flipped := bytes.Clone(b)
	flipped[bytes.Index(flipped, []byte("door,floor\n"))] ^= 1
	ending := bytes.Clone(b)
	ending[len(ending)-12] ^= 1
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"one flipped byte":      {flipped, "series-01-lift-b1-l1-box.csv: was changed"},
		"one removed row":       {change(func(rows [][]byte) [][]byte { return slices.Delete(rows, 4, 5) }), "row " + itoa(row) + " is missing"},
		"the last row removed":  {change(func(rows [][]byte) [][]byte { return rows[:len(rows)-1] }), "row " + itoa(int(r.Manifest.Ledger.To)) + " is missing"},
		"one edited row":        {change(func(rows [][]byte) [][]byte { rows[4] = edited(t, rows[4]); return rows }), "row " + itoa(row) + " is edited"},
		"a name put in":         {forge(t, b, "ledger.jsonl", func(x []byte) []byte { return bytes.ReplaceAll(x, []byte(technician), []byte(neighbour)) }), "is edited"},
		"other terms":           {forge(t, b, "terms.jsonl", func(x []byte) []byte { return bytes.Replace(x, []byte("15m"), []byte("45m"), 1) }), "terms.jsonl: row 1 is edited"},
		"a row that is garbage": {change(func(rows [][]byte) [][]byte { rows[4] = []byte("{}\n"); return rows }), "row " + itoa(row) + " cannot be read"},
		"a broken directory":    {ending, ""},
		"no zip at all":         {[]byte("no zip at all"), ""},
	} {
		good, verdict, findings := give(t, ctx, c.file)
		if good || c.says != "" && !strings.Contains(strings.Join(findings, "\n"), c.says) {
			t.Errorf("%s: %v, %s %q, want %q", name, good, verdict, findings, c.says)
		}
		// The program finds the same.
		if c.says != "" {
			wantFound(t, c.file, c.says)
		}
	}
}

// TestThePageAndTheProgramAgreeOnEveryRow edits, and takes out, each row.
func TestThePageAndTheProgramAgreeOnEveryRow(t *testing.T) {
	h := newHouse(t)
	b := h.bundle(t, evidence.Options{})
	ctx := openPage(t)
	rows := rowsOf(fileOf(t, b, "ledger.jsonl"))
	for i := range rows {
		for _, c := range [][][]byte{slices.Delete(slices.Clone(rows), i, i+1), slices.Concat(rows[:i], [][]byte{edited(t, rows[i])}, rows[i+1:])} {
			forged := forge(t, b, "ledger.jsonl", func([]byte) []byte { return bytes.Join(c, nil) })
			var want []string
			for _, f := range verify(t, forged).Findings {
				want = append(want, f.String())
			}
			if good, _, findings := give(t, ctx, forged); good || !slices.Equal(findings, want) {
				t.Errorf("row %d: the page finds %q, the program %q", i, findings, want)
			}
		}
	}
}

func TestThePageComparesWithARowThatWasNoted(t *testing.T) {
	h := newHouse(t)
	b := h.bundle(t, evidence.Options{})
	ctx := openPage(t)
	head := verify(t, b).Head
	for _, c := range []struct {
		noted string
		good  bool
	}{{head.String(), true}, {head.String()[:len(head.String())-1] + "x", false}, {"1:" + head.Hash.String(), false}} {
		if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`document.getElementById('head').value = '`+c.noted+`';`)); err != nil {
			t.Fatal(err)
		}
		if good, verdict, findings := give(t, ctx, b); good != c.good {
			t.Errorf("noted %s: %s %q", c.noted, verdict, findings)
		}
	}
}

// TestThePagesSumIsSHA256 compares over lengths around the block's edges.
func TestThePagesSumIsSHA256(t *testing.T) {
	ctx := openPage(t)
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(() => {
		const out = [];
		for (const n of [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000]) {
			const b = new Uint8Array(n).map((_, i) => i * 7 & 255);
			for (const cut of [0, 1, 63, 64, n]) out.push(hex(sha256(b.subarray(0, cut), b.subarray(cut))));
		}
		return out.join('\n');
	})()`))
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(sums(), "\n"); got != want {
		t.Errorf("the page's sums\n%s\nwant\n%s", got, want)
	}
}

func TestThePageProvesPhotosByTheRows(t *testing.T) {
	h, _ := withPhotos(t)
	b := h.bundle(t, evidence.Options{Files: h.Files.Dir})
	ctx := openPage(t)
	said := func(want string) {
		t.Helper()
		if text, err := chromedp.Run(ctx, chromedp.Text("#proofs")); err != nil || !strings.Contains(text, want) {
			t.Errorf("the page says %q (%v), want %q", text, err, want)
		}
	}
	if good, verdict, findings := give(t, ctx, b); !good {
		t.Fatalf("a good bundle: %s %q", verdict, findings)
	}
	said("Rows name 2 files of proof by their hashes. 2 of them are in this bundle")
	if good, verdict, findings := give(t, ctx, h.bundle(t, evidence.Options{Redact: true, Files: h.Files.Dir})); !good {
		t.Fatalf("a redacted bundle: %s %q", verdict, findings)
	}
	said("0 of them are in this bundle and are what was handed in; of the others there is the hash")
	forged := forge(t, b, "proof-02.jpg", func([]byte) []byte { return photo(t, 30) })
	if good, verdict, findings := give(t, ctx, forged); good || !slices.Contains(findings, "proof-02.jpg: is named by no row of the order: it is not what was handed in") {
		t.Errorf("a forged photo: %s %q", verdict, findings)
	}
}
