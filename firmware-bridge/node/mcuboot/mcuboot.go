// Package mcuboot checks a firmware image before it goes anywhere: that it is a
// whole MCUboot image, signed with Ed25519 by the key one expects, and with a
// security counter under that signature, so that a node can refuse to go back.
//
// It deliberately makes and signs no images (imgtool does), takes no other kind
// of signature, no encrypted and no padded image, and does not look at the hash
// of the public key: the signature itself is what counts.
//
// Sources: MCUboot's docs/design.md and boot/bootutil/include/bootutil/image.h
// (header, TLVs), scripts/imgtool/image.py (protected TLVs, magic 0x6908; what
// is hashed). That Ed25519 signs the SHA-256 and not the image, as imgtool's
// sign_digest does, is second-hand.
package mcuboot

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"

	"plantroom"
)

// MaxSize bounds a file, in bytes: the largest flash of a node is smaller.
const MaxSize = 16 << 20

const (
	magic       = 0x96f3b83d
	headerSize  = 32
	infoSize    = 4
	protectedID = 0x6908
	ordinaryID  = 0x6907

	tlvSHA256  = 0x10
	tlvEd25519 = 0x24
	tlvCounter = 0x50

	flagEncrypted   = 0x04 | 0x08
	flagNotBootable = 0x10
)

// Version is an image's version.
type Version struct {
	Major, Minor uint8
	Revision     uint16
	Build        uint32
}

// String gives 1.4.0, or 1.4.0.7 with a build number, as Zephyr does.
func (v Version) String() string {
	if v.Build == 0 {
		return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Revision)
	}
	return fmt.Sprintf("%d.%d.%d.%d", v.Major, v.Minor, v.Revision, v.Build)
}

// Older reports whether v comes before w.
func (v Version) Older(w Version) bool { return v.number() < w.number() }

func (v Version) number() uint64 {
	return uint64(v.Major)<<56 | uint64(v.Minor)<<48 | uint64(v.Revision)<<32 | uint64(v.Build)
}

// ParseVersion reads what String gives.
func ParseVersion(s string) (v Version, err error) {
	if _, err = fmt.Sscanf(s+".0", "%d.%d.%d.%d", &v.Major, &v.Minor, &v.Revision, &v.Build); err != nil {
		return v, plantroom.Errorf(plantroom.CodeInvalid, "%.40q is no version like 1.4.0", s)
	}
	return v, nil
}

// Image is what an image says of itself.
type Image struct {
	Version Version
	Counter uint32 // the security counter
	Hash    [sha256.Size]byte
	Size    int // in bytes, TLVs included
}

// Check verifies a file. The error says what is wrong with it: CodeInvalid, or
// CodeForbidden where the signature is not the key's.
func Check(file []byte, key ed25519.PublicKey) (Image, error) {
	var i Image
	bad := func(format string, args ...any) (Image, error) {
		return Image{}, plantroom.Errorf(plantroom.CodeInvalid, "firmware image: "+format, args...)
	}
	le := binary.LittleEndian
	switch {
	case len(file) > MaxSize:
		return bad("%d bytes: at most %d", len(file), MaxSize)
	case len(file) < headerSize || le.Uint32(file) != magic:
		return bad("it does not begin as an MCUboot image: sign it with imgtool")
	}
	code := uint64(le.Uint16(file[8:])) + uint64(le.Uint32(file[12:]))
	if le.Uint16(file[8:]) < headerSize || code > uint64(len(file)) {
		return bad("header and code take %d bytes, and the file has %d: it is cut short", code, len(file))
	}
	if flags := le.Uint32(file[16:]); flags&(flagEncrypted|flagNotBootable) != 0 {
		return bad("flags %#x: it is encrypted or not bootable", flags)
	}
	shielded := uint64(le.Uint16(file[10:]))
	if shielded == 0 || code+shielded > uint64(len(file)) {
		return bad("it has no protected TLVs: a security counter is wanted (imgtool sign --security-counter)")
	}
	covered := file[:code+shielded]
	inner, err := tlvs(covered[code:], protectedID)
	if err != nil {
		return bad("protected TLVs: %w", err)
	}
	outer, err := tlvs(file[len(covered):], ordinaryID)
	if err != nil {
		return bad("TLVs: %w", err)
	}
	i.Hash, i.Size = sha256.Sum256(covered), len(file)
	i.Version = Version{file[20], file[21], le.Uint16(file[22:]), le.Uint32(file[24:])}
	counter, err := inner.one(tlvCounter, 4, "security counter")
	if err != nil {
		return bad("%w", err)
	}
	i.Counter = le.Uint32(counter)
	hash, err := outer.one(tlvSHA256, sha256.Size, "SHA-256")
	if err != nil {
		return bad("%w", err)
	}
	if !bytes.Equal(hash, i.Hash[:]) {
		return bad("its SHA-256 does not match: it is damaged")
	}
	signature, err := outer.one(tlvEd25519, ed25519.SignatureSize, "Ed25519 signature")
	if err != nil {
		return bad("%w", err)
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, i.Hash[:], signature) {
		return Image{}, plantroom.Errorf(plantroom.CodeForbidden, "firmware image: it is signed with another key")
	}
	return i, nil
}

// values are the TLVs of an area by type.
type values map[uint16][][]byte

// tlvs reads an area, which has to end where b does.
func tlvs(b []byte, id uint16) (values, error) {
	le := binary.LittleEndian
	if len(b) < infoSize || le.Uint16(b) != id {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "there are none where they should be")
	}
	if size := int(le.Uint16(b[2:])); size != len(b) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "they take %d bytes, and there are %d: the file is cut short or padded", size, len(b))
	}
	v := values{}
	for b = b[infoSize:]; len(b) > 0; {
		if len(b) < 4 || len(b)-4 < int(le.Uint16(b[2:])) {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "one of them is cut short")
		}
		kind, end := le.Uint16(b), 4+int(le.Uint16(b[2:]))
		v[kind] = append(v[kind], b[4:end])
		b = b[end:]
	}
	return v, nil
}

// one returns the only value of a type.
func (v values) one(kind uint16, size int, what string) ([]byte, error) {
	if n := len(v[kind]); n != 1 {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "it has %d TLVs with a %s, where one is wanted", n, what)
	}
	if len(v[kind][0]) != size {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "its %s has %d bytes, and should have %d", what, len(v[kind][0]), size)
	}
	return v[kind][0], nil
}

// Key reads a public key in PEM, as imgtool getpub and openssl pkey -pubout
// write it.
func Key(text []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "no public key in PEM: write it with openssl pkey -in KEY -pubout")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the public key cannot be read: %w", err)
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the public key is no Ed25519 key: make one with imgtool keygen -t ed25519")
	}
	return key, nil
}
