package proofs

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"testing"
)

// crcOf gives a PNG chunk's sum.
func crcOf(chunk []byte) []byte {
	return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(chunk))
}

// FuzzKind: whatever comes, it is refused or is what it is said to be, and is
// within the bounds.
func FuzzKind(f *testing.F) {
	f.Add(photo(f, 1))
	f.Add(screenshot(f))
	f.Add([]byte(letter))
	f.Add([]byte("\xff\xd8\xff"))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := Kind(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if !slices.Contains(Types(), k.Type) {
			t.Fatalf("taken as %q", k.Type)
		}
		for _, h := range headers {
			if h.mediaType == k.Type && !bytes.HasPrefix(b, []byte(h.begins)) {
				t.Fatalf("%q does not begin as %s does", b[:min(len(b), 16)], k.Type)
			}
		}
		if picture := k.Type != PDF; picture != (k.Width > 0 && k.Height > 0) || k.Width > MaxSide || k.Height > MaxSide || k.Width*k.Height > MaxPixels {
			t.Fatalf("%s of %d by %d", k.Type, k.Width, k.Height)
		}
	})
}
