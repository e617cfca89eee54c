package evidence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"plantroom"
)

// unpack reads a bundle's directory. It takes the one form that packer writes
// and nothing else: every byte of the file belongs to a header, a member or the
// directory, and is what that has to be. Nothing is inflated and nothing is
// written anywhere, so there is nothing to blow up and no path to break out by.
func unpack(r io.ReaderAt, size int64) ([]member, error) {
	refused := func(format string, args ...any) ([]member, error) {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read the bundle", Message: fmt.Sprintf(format, args...),
			Hint: "it is no evidence bundle, or was damaged on its way: ask for it again"}
	}
	if size < endSize || size > MaxBundle {
		return refused("it has %d bytes; a bundle has from %d to %d", size, endSize, MaxBundle)
	}
	var end [endSize]byte
	if _, err := r.ReadAt(end[:], size-endSize); err != nil {
		return nil, err
	}
	files, length, at := int(binary.LittleEndian.Uint16(end[10:])), binary.LittleEndian.Uint32(end[12:]), binary.LittleEndian.Uint32(end[16:])
	switch {
	case binary.LittleEndian.Uint32(end[:]) != 0x06054b50:
		return refused("it does not end as a bundle does")
	case files == 0 || files > MaxFiles:
		return refused("it says that it holds %d files; a bundle holds from 1 to %d", files, MaxFiles)
	case length > MaxFiles*(entrySize+maxName) || int64(at)+int64(length)+endSize != size || !bytes.Equal(end[:], ending(files, length, at)):
		return refused("its directory is not where its end says")
	}
	dir := make([]byte, length)
	if _, err := r.ReadAt(dir, int64(at)); err != nil {
		return nil, err
	}
	var out []member
	var next uint32
	seen := map[string]bool{}
	for range files {
		if len(dir) < entrySize {
			return refused("its directory is cut off")
		}
		n := int(binary.LittleEndian.Uint16(dir[28:]))
		if n > len(dir)-entrySize {
			return refused("its directory is cut off")
		}
		m := member{crc: binary.LittleEndian.Uint32(dir[16:]), size: binary.LittleEndian.Uint32(dir[20:]),
			offset: binary.LittleEndian.Uint32(dir[42:]), name: string(dir[entrySize : entrySize+n])}
		switch {
		case !validName(m.name):
			return refused("it holds a file that is called %.100q", m.name)
		case seen[m.name]:
			return refused("it holds %s twice", m.name)
		case !bytes.Equal(dir[:entrySize+n], m.entry()):
			return refused("the directory's line on %s is not of the form that bundles have", m.name)
		case m.offset != next || int64(next)+localSize+int64(n)+int64(m.size) > int64(at):
			return refused("%s does not lie where the directory says", m.name)
		}
		head := make([]byte, localSize+n)
		if _, err := r.ReadAt(head, int64(m.offset)); err != nil {
			return nil, err
		}
		if !bytes.Equal(head, m.local()) {
			return refused("the header of %s is not what the directory says of it", m.name)
		}
		next += uint32(localSize+n) + m.size
		seen[m.name], dir = true, dir[entrySize+n:]
		out = append(out, m)
	}
	if len(dir) != 0 || next != at {
		return refused("it holds bytes that belong to no file")
	}
	return out, nil
}

// open gives a member's bytes.
func (m *member) open(r io.ReaderAt) *io.SectionReader {
	return io.NewSectionReader(r, int64(m.offset)+localSize+int64(len(m.name)), int64(m.size))
}
