package plantroom_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plantroom"
)

func salted(body string) plantroom.LedgerRow {
	return plantroom.LedgerRow{Seq: 2, At: 1, Kind: "k", Subject: "su", Body: json.RawMessage(body), Salt: plantroom.Salt{0xaa}, Prev: plantroom.Hash{0xbb}}
}

// The input of the sum, built by hand: whoever checks a bundle with another
// program has to come to the same hash.
func TestTheSumOfASaltedRowIsThatOfTheDocumentedInput(t *testing.T) {
	row := salted(`{"by":"Li","to":"x"}`)
	var content strings.Builder
	for _, f := range [][2]string{{"at", "1"}, {"kind", "k"}, {"subject", "su"}, {"actor", ""}, {`"by"`, `"Li"`}, {`"to"`, `"x"`}} {
		mac := hmac.New(sha256.New, row.Salt[:])
		mac.Write([]byte(f[0]))
		digest := sha256.Sum256(append(mac.Sum(nil), f[1]...))
		content.WriteString("\x00\x00\x00" + string(rune(len(f[0]))) + f[0] + string(digest[:]))
	}
	sum := sha256.Sum256([]byte(content.String()))
	in := "plantroom ledger row, second form\n" + string(row.Prev[:]) + "\x00\x00\x00\x00\x00\x00\x00\x02" + string(sum[:])
	if want := plantroom.Hash(sha256.Sum256([]byte(in))); row.Sum() != want {
		t.Errorf("the sum is %s, want %s", row.Sum(), want)
	}
}

func TestABodyIsTakenApartIntoItsMembersAndOnlyWithoutLoss(t *testing.T) {
	for body, want := range map[string][]string{
		`{"by":"Li \u674e","n":{"a":[1,2]},"by":null}`: {`"by"`, `"n"`, `"by"`},
		`{}`: {"body"}, ``: {"body"}, `[1]`: {"body"}, `{"a": 1}`: {"body"}, `{"a":1} `: {"body"}, `{"a":1`: {"body"},
		"not json \x00\xff": {"body"}, `{"a":1,}`: {"body"}, `{ "a":1}`: {"body"}, "{\"a\":1,\n\"b\":2}": {"body"},
	} {
		row := salted(body)
		fields := row.Fields()[4:]
		var names []string
		for _, f := range fields {
			names = append(names, f.Name)
			if f.Digest != f.Sum() {
				t.Errorf("%q: the digest of %s is not its own", body, f.Name)
			}
		}
		if !slices.Equal(names, want) && !(strings.Contains(body, " ") || strings.Contains(body, "\n")) {
			t.Errorf("%q comes apart into %q, want %q", body, names, want)
		}
		if names[0] != "body" && plantroom.LedgerBody(fields) != body {
			t.Errorf("%q comes together as %q", body, plantroom.LedgerBody(fields))
		}
	}
}

func TestAFieldThatIsLeftOutChangesNoHashAndCannotBeTriedOut(t *testing.T) {
	row := salted(`{"by":"Li","to":"x"}`)
	fields := row.Fields()
	left := slices.Clone(fields)
	left[4].Value, left[4].Salt = "", plantroom.Hash{}
	if plantroom.LedgerContent(left) != plantroom.LedgerContent(fields) {
		t.Error("the content needs more of a field than its name and digest")
	}
	other := row
	other.Salt[3] ^= 1
	if again := other.Fields(); again[4].Digest == fields[4].Digest {
		t.Error("the same value gives the same digest in another row: it can be recognised")
	}
	if fields[4].Salt == fields[5].Salt {
		t.Error("two fields share a salt: showing one opens the other")
	}
}

func TestRowsThatDifferHaveFieldsThatDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{`"a"`, `:`, `,`, `{`, `}`, `1`, ` `, `"b"`, `[`, `]`, "\n", `"`, `\`})
		body := func(name string) string { return strings.Join(rapid.SliceOfN(part, 0, 9).Draw(t, name), "") }
		a, b := body("a"), body("b")
		if (rowSum(a) == rowSum(b)) != (a == b) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func rowSum(body string) plantroom.Hash { r := salted(body); return r.Sum() }

// FuzzLedgerFields: whatever the body, it is taken apart without loss or not at all.
func FuzzLedgerFields(f *testing.F) {
	for _, s := range []string{`{"by":"Li","n":{"a":[1]}}`, `{}`, ``, `{"a": 1}`, `{"a":1,}`, `{"a":1}{"b":2}`, "\xff", `{"\u0061":1,"a":2}`, strings.Repeat(`{"a":`, 2000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		row := plantroom.LedgerRow{Body: body, Salt: plantroom.Salt{1}}
		fields := row.Fields()[4:]
		if len(fields) == 1 && fields[0].Name == "body" {
			if fields[0].Value != string(body) {
				t.Errorf("%q is kept as %q", body, fields[0].Value)
			}
		} else if plantroom.LedgerBody(fields) != string(body) {
			t.Errorf("%q comes together as %q", body, plantroom.LedgerBody(fields))
		}
	})
}

func BenchmarkSum(b *testing.B) {
	row := plantroom.LedgerRow{Seq: 7, Kind: "order.acknowledge", Subject: "wo-000001", Actor: "contractor:quicklift",
		Body: json.RawMessage(`{"from":"dispatched","to":"acknowledged","by":"Li Qiang","eta":"2026-03-02T10:10:00+08:00","via_link":1}`), Salt: plantroom.Salt{1}}
	for b.Loop() {
		row.Sum()
	}
}
