package nodetest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Image says what firmware to make. It is signed as imgtool does it.
type Image struct {
	Major, Minor byte
	Counter      uint32
	Size         int // of the code
	Key          ed25519.PrivateKey

	Edit func(*Parts) // changes it before it is put together; nil: nothing
}

// Parts are what an image is made of.
type Parts struct {
	Header               []byte
	Code                 []byte
	Protected, Plain     []TLV
	Hash                 func(covered []byte) []byte
	Sign                 func(hash []byte) []byte
	ProtectedID, PlainID uint16
}

// TLV is one of them.
type TLV struct {
	Type  uint16
	Value []byte
}

// Bytes makes the image.
func (i Image) Bytes() []byte {
	le := binary.LittleEndian
	r := rand.New(rand.NewPCG(uint64(i.Minor), uint64(i.Size)))
	p := Parts{
		Header: make([]byte, 32), Code: make([]byte, i.Size), ProtectedID: 0x6908, PlainID: 0x6907,
		Protected: []TLV{{0x50, le.AppendUint32(nil, i.Counter)}},
		Hash:      func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
		Sign:      func(h []byte) []byte { return ed25519.Sign(i.Key, h) },
	}
	for at := range p.Code {
		p.Code[at] = byte(r.Uint32())
	}
	le.PutUint32(p.Header, 0x96f3b83d)
	le.PutUint16(p.Header[8:], 32)
	le.PutUint16(p.Header[10:], 12) // of the protected TLVs
	le.PutUint32(p.Header[12:], uint32(i.Size))
	p.Header[20], p.Header[21] = i.Major, i.Minor
	if i.Edit != nil {
		i.Edit(&p)
	}
	covered := append(append(p.Header, p.Code...), area(p.ProtectedID, p.Protected)...)
	hash := p.Hash(covered)
	plain := p.Plain
	if plain == nil {
		public := sha256.Sum256(i.Key.Public().(ed25519.PublicKey))
		plain = []TLV{{0x10, hash}, {0x01, public[:]}, {0x24, p.Sign(hash)}}
	}
	return append(covered, area(p.PlainID, plain)...)
}

// area is empty without TLVs.
func area(id uint16, tlvs []TLV) []byte {
	if len(tlvs) == 0 {
		return nil
	}
	le := binary.LittleEndian
	var b []byte
	for _, t := range tlvs {
		b = le.AppendUint16(b, t.Type)
		b = le.AppendUint16(b, uint16(len(t.Value)))
		b = append(b, t.Value...)
	}
	head := le.AppendUint16(le.AppendUint16(nil, id), uint16(len(b)+4))
	return append(head, b...)
}

// Bad is an image that neither a gateway sends nor a node runs, and what the two
// say of it.
type Bad struct {
	Name, Gateway, Node string
	File                []byte
}

// BadImages returns one for each check.
func BadImages(key, other ed25519.PrivateKey) []Bad {
	le := binary.LittleEndian
	make := func(edit func(*Parts)) []byte {
		return Image{Major: 9, Counter: 9, Size: 2000, Key: key, Edit: edit}.Bytes()
	}
	plain := func(p *Parts, change func([]TLV) []TLV) {
		covered := append(append(append([]byte{}, p.Header...), p.Code...), area(p.ProtectedID, p.Protected)...)
		hash := p.Hash(covered)
		p.Plain = change([]TLV{{0x10, hash}, {0x24, p.Sign(hash)}})
	}
	good := make(nil)
	flipped := append([]byte{}, good...)
	flipped[500] ^= 1
	return []Bad{
		{"of other magic", "does not begin as an MCUboot image", "no MCUboot image", make(func(p *Parts) { p.Header[0]++ })},
		{"with a short header", "cut short", "exceeds the slot", make(func(p *Parts) { le.PutUint16(p.Header[8:], 31) })},
		{"longer than it is", "cut short", "exceeds the slot", make(func(p *Parts) { le.PutUint32(p.Header[12:], 1<<31) })},
		{"encrypted", "encrypted", "encrypted", make(func(p *Parts) { p.Header[16] = 4 })},
		{"with a bit that flipped", "SHA-256 does not match", "hash does not match", flipped},
		{"with bytes behind it", "cut short or padded", "something follows the image", append(append([]byte{}, good...), 0xff, 0xff)},
		{"without a signature", "0 TLVs with a Ed25519 signature", "not signed", make(func(p *Parts) {
			plain(p, func(t []TLV) []TLV { return t[:1] })
		})},
		{"without a hash", "0 TLVs with a SHA-256", "lack hash", make(func(p *Parts) {
			plain(p, func(t []TLV) []TLV { return t[1:] })
		})},
		{"with two signatures", "2 TLVs with a Ed25519 signature", "not signed", make(func(p *Parts) {
			plain(p, func(t []TLV) []TLV { return append(t, t[1]) })
		})},
		{"signed by another key", "another key", "not of this node's key", Image{Major: 9, Counter: 9, Size: 2000, Key: other}.Bytes()},
		{"with a signature of something else", "another key", "not of this node's key", make(func(p *Parts) {
			p.Sign = func([]byte) []byte { return ed25519.Sign(key, []byte("something else")) }
		})},
		{"without a security counter", "no protected TLVs", "security counter", make(func(p *Parts) {
			p.Header[10], p.Protected = 0, nil
		})},
		{"whose security counter is not under the signature", "no protected TLVs", "security counter", make(func(p *Parts) {
			p.Header[10], p.Protected = 0, nil
			plain(p, func(t []TLV) []TLV { return append(t, TLV{0x50, []byte{9, 0, 0, 0}}) })
		})},
		{"with a security counter of 8 bytes", "8 bytes, and should have 4", "security counter", make(func(p *Parts) {
			p.Header[10], p.Protected = 16, []TLV{{0x50, []byte{9, 0, 0, 0, 0, 0, 0, 0}}}
		})},
		{"whose TLVs are of another kind", "none where they should be", "damaged", make(func(p *Parts) { p.PlainID = 0x6906 })},
		{"with a TLV that reaches beyond the others", "one of them is cut short", "damaged", beyond(good)},
	}
}

// beyond makes the last TLV, the signature, longer than what follows.
func beyond(good []byte) []byte {
	b := append([]byte{}, good...)
	binary.LittleEndian.PutUint16(b[len(b)-ed25519.SignatureSize-2:], ed25519.SignatureSize+1)
	return b
}
