package evidence

import (
	"encoding/binary"
	"hash"
	"hash/crc32"
	"io"
	"slices"

	"crypto/sha256"

	"plantroom"
)

// Bounds of a bundle. They keep a checker's memory small, whatever it is given.
const (
	MaxBundle = 512 << 20 // bytes, all of it
	MaxFiles  = 64
	maxName   = 100
	maxLine   = 16 << 20 // a row of the ledger; one with terms holds a whole estate's
)

// The parts of a zip file (PKWARE's APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16)
// in the only form that bundles have.
const (
	localSize = 30
	entrySize = 46
	endSize   = 22
	zipDate   = 1<<5 | 1 // 1 January 1980: a bundle holds no time of its own making
	zipNeeds  = 10       // version 1.0: stored files only
)

// member is one file of a bundle.
type member struct {
	name   string
	offset uint32 // of its local header
	size   uint32
	crc    uint32
	sum    plantroom.Hash
}

// local is the header before a member's bytes.
func (m *member) local() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0x04034b50)
	return append(m.common(b), m.name...)
}

// entry is the member's line of the directory.
func (m *member) entry() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0x02014b50)
	b = binary.LittleEndian.AppendUint16(b, zipNeeds)
	b = m.common(b)
	b = append(b, make([]byte, 10)...) // no comment, first disk, no attributes
	b = binary.LittleEndian.AppendUint32(b, m.offset)
	return append(b, m.name...)
}

func (m *member) common(b []byte) []byte {
	for _, v := range []uint16{zipNeeds, 0, 0, 0, zipDate} { // no flags, stored, midnight
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	for _, v := range []uint32{m.crc, m.size, m.size} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(m.name)))
	return binary.LittleEndian.AppendUint16(b, 0) // no extra field
}

// ending is what a zip file ends with.
func ending(files int, size, at uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0x06054b50)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(files))
	b = binary.LittleEndian.AppendUint16(b, uint16(files))
	b = binary.LittleEndian.AppendUint32(b, size)
	b = binary.LittleEndian.AppendUint32(b, at)
	return append(b, 0, 0)
}

// packer writes a bundle, a file at a time. What is written stays in no memory:
// a header is completed when its file is done.
type packer struct {
	out   io.WriteSeeker
	at    int64
	files []member
	crc   hash.Hash32
	sum   hash.Hash
}

// add writes a file; content writes it out.
func (p *packer) add(name string, content func(io.Writer) error) error {
	switch {
	case len(p.files) == MaxFiles:
		return plantroom.Errorf(plantroom.CodeTooLarge, "a bundle holds at most %d files", MaxFiles)
	case !validName(name) || slices.ContainsFunc(p.files, func(m member) bool { return m.name == name }):
		return plantroom.Errorf(plantroom.CodeInternal, "a bundle cannot hold a file %q", name)
	}
	m := member{name: name, offset: uint32(p.at)}
	if err := p.write(m.local()); err != nil {
		return err
	}
	begin := p.at
	p.crc, p.sum = crc32.NewIEEE(), sha256.New()
	if err := content(p); err != nil {
		return err
	}
	m.size, m.crc = uint32(p.at-begin), p.crc.Sum32()
	p.sum.Sum(m.sum[:0])
	if _, err := p.out.Seek(int64(m.offset), io.SeekStart); err != nil {
		return err
	}
	if _, err := p.out.Write(m.local()); err != nil {
		return err
	}
	if _, err := p.out.Seek(p.at, io.SeekStart); err != nil {
		return err
	}
	p.files = append(p.files, m)
	return nil
}

// Write takes bytes of the file that is being added.
func (p *packer) Write(b []byte) (int, error) {
	p.crc.Write(b)
	p.sum.Write(b)
	return len(b), p.write(b)
}

func (p *packer) write(b []byte) error {
	if p.at+int64(len(b)) > MaxBundle {
		return plantroom.Errorf(plantroom.CodeTooLarge, "the bundle comes to more than %d MiB: make it without series, or of a shorter time", MaxBundle>>20)
	}
	n, err := p.out.Write(b)
	p.at += int64(n)
	return err
}

// close writes the directory.
func (p *packer) close() error {
	at := p.at
	for i := range p.files {
		if err := p.write(p.files[i].entry()); err != nil {
			return err
		}
	}
	return p.write(ending(len(p.files), uint32(p.at-at), uint32(at)))
}

// validName says whether a file of a bundle may be called that: lower-case
// letters, digits, dots and hyphens, and no directories.
func validName(name string) bool {
	for i, c := range []byte(name) {
		ok := 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || i > 0 && (c == '.' || c == '-')
		if !ok {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}
