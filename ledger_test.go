package plantroom_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plantroom"
)

func rows() *rapid.Generator[plantroom.LedgerRow] {
	return rapid.Custom(func(t *rapid.T) plantroom.LedgerRow {
		// A small alphabet, and fields that often are empty, so that moving a
		// byte from one field to the next is a likely draw.
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00\x01")), 0, 3, -1)
		r := plantroom.LedgerRow{
			Seq: rapid.Int64Range(0, 3).Draw(t, "seq"), At: plantroom.Instant(rapid.Int64Range(0, 3).Draw(t, "at")),
			Kind: text.Draw(t, "kind"), Subject: text.Draw(t, "subject"), Actor: text.Draw(t, "actor"),
			Body: json.RawMessage(text.Draw(t, "body")),
		}
		r.Prev[31] = rapid.ByteRange(0, 1).Draw(t, "prev")
		r.Salt[15] = rapid.ByteRange(0, 2).Draw(t, "salt") // 0: the first form
		return r
	})
}

func same(a, b plantroom.LedgerRow) bool {
	return a.Seq == b.Seq && a.At == b.At && a.Kind == b.Kind && a.Subject == b.Subject && a.Actor == b.Actor &&
		bytes.Equal(a.Body, b.Body) && a.Prev == b.Prev && a.Salt == b.Salt
}

func TestTwoRowsHaveOneSumOnlyIfTheyAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rows().Draw(t, "a"), rows().Draw(t, "b")
		if (a.Sum() == b.Sum()) != same(a, b) {
			t.Fatalf("same %v, same sum %v:\n%+v\n%+v", same(a, b), a.Sum() == b.Sum(), a, b)
		}
	})
}

// The same for rows that hold the same bytes in the same order, cut into
// fields at different places: the lengths have to tell them apart.
func TestCuttingARowElsewhereChangesItsSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Byte(), 0, 24).Draw(t, "bytes")
		salt := plantroom.Salt{rapid.ByteRange(0, 1).Draw(t, "salt")}
		cut := func(name string) plantroom.LedgerRow {
			i := rapid.IntRange(0, len(all)).Draw(t, name+" first")
			j := rapid.IntRange(i, len(all)).Draw(t, name+" second")
			k := rapid.IntRange(j, len(all)).Draw(t, name+" third")
			return plantroom.LedgerRow{Kind: string(all[:i]), Subject: string(all[i:j]), Actor: string(all[j:k]), Body: all[k:], Salt: salt}
		}
		a, b := cut("a"), cut("b")
		if (a.Sum() == b.Sum()) != same(a, b) {
			t.Fatalf("%+v\n%+v", a, b)
		}
	})
}

func TestEachFieldChangesTheSum(t *testing.T) {
	plain := plantroom.LedgerRow{Seq: 7, At: 8, Kind: "order.dispatch", Subject: "wo-000001", Actor: "system", Body: json.RawMessage(`{"to":"dispatched"}`)}
	salted := plain
	salted.Salt = plantroom.Salt{1}
	for _, row := range []plantroom.LedgerRow{plain, salted} {
		eachFieldChangesTheSum(t, row)
	}
}

func eachFieldChangesTheSum(t *testing.T, row plantroom.LedgerRow) {
	t.Helper()
	sum := row.Sum()
	for name, edit := range map[string]func(*plantroom.LedgerRow){
		"seq":              func(r *plantroom.LedgerRow) { r.Seq++ },
		"seq's sign":       func(r *plantroom.LedgerRow) { r.Seq = -r.Seq },
		"at":               func(r *plantroom.LedgerRow) { r.At++ },
		"seq and at moved": func(r *plantroom.LedgerRow) { r.Seq, r.At = int64(r.At), plantroom.Instant(r.Seq) },
		"kind":             func(r *plantroom.LedgerRow) { r.Kind = "order.dispatcH" },
		"subject":          func(r *plantroom.LedgerRow) { r.Subject = "wo-000002" },
		"actor":            func(r *plantroom.LedgerRow) { r.Actor = "person:li" },
		"body":             func(r *plantroom.LedgerRow) { r.Body = json.RawMessage(`{"to": "dispatched"}`) },
		"no body":          func(r *plantroom.LedgerRow) { r.Body = nil },
		"prev":             func(r *plantroom.LedgerRow) { r.Prev[0] ^= 1 },
		"salt":             func(r *plantroom.LedgerRow) { r.Salt[9] ^= 1 },
	} {
		edited := row
		edit(&edited)
		if edited.Sum() == sum {
			t.Errorf("%s can be changed unseen", name)
		}
	}
	sealed := row
	sealed.Hash[0] = 0xff
	if sealed.Sum() != sum {
		t.Error("the sum depends on the hash that it is compared with")
	}
}

// The input of the sum, built by hand: whoever checks a ledger with another
// program has to come to the same hash.
func TestTheSumIsThatOfTheDocumentedInput(t *testing.T) {
	row := plantroom.LedgerRow{Seq: 2, At: 1, Kind: "k", Subject: "su", Actor: "", Body: json.RawMessage(`{}`)}
	row.Prev[0] = 0xaa
	in := append([]byte{}, row.Prev[:]...)
	in = binary.BigEndian.AppendUint64(in, 2)
	in = binary.BigEndian.AppendUint64(in, 1)
	in = append(in, "\x00\x00\x00\x01k\x00\x00\x00\x02su\x00\x00\x00\x00\x00\x00\x00\x02{}"...)
	if want := plantroom.Hash(sha256.Sum256(in)); row.Sum() != want {
		t.Errorf("the sum is %s, want %s", row.Sum(), want)
	}
}

func TestSealChainsARowToTheOneBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rows().Draw(t, "a"), rows().Draw(t, "b")
		a.Seal(1, plantroom.Hash{})
		b.Seal(2, a.Hash)
		if b.Seq != 2 || b.Prev != a.Hash || b.Hash != b.Sum() || a.Hash != a.Sum() {
			t.Fatalf("%+v\n%+v", a, b)
		}
		edited := a
		edited.Kind += "x"
		edited.Seal(1, plantroom.Hash{})
		if edited.Hash == b.Prev {
			t.Fatal("the chain holds although the row before was rewritten")
		}
	})
}

func TestAHashReadsBackFromItsText(t *testing.T) {
	h := plantroom.Hash(sha256.Sum256([]byte("x")))
	b, err := h.MarshalText()
	if err != nil || string(b) != h.String() || len(b) != 64 {
		t.Fatalf("written as %s, %v", b, err)
	}
	var back plantroom.Hash
	if err := back.UnmarshalText(b); err != nil || back != h {
		t.Errorf("read as %s, %v", back, err)
	}
	for name, text := range map[string]string{"nothing": "", "too short": string(b[:63]), "too long": string(b) + "00",
		"not hexadecimal": strings.Repeat("xy", 32)} {
		if err := new(plantroom.Hash).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s was read as a hash", name)
		}
	}
}
