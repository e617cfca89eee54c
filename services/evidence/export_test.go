package evidence

import (
	"bytes"
	"crypto/sha256"
	"io"
)

// Content is a file of a bundle with its bytes.
type Content struct {
	Name string
	Data []byte
}

// Unzip takes a bundle apart.
func Unzip(b []byte) ([]Content, error) {
	files, err := unpack(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	var out []Content
	for i := range files {
		data, err := io.ReadAll(files[i].open(bytes.NewReader(b)))
		if err != nil {
			return nil, err
		}
		out = append(out, Content{files[i].name, data})
	}
	return out, nil
}

// Zip packs files; with a manifest it lists them in it anew.
func Zip(files []Content, m *Manifest) ([]byte, error) {
	var out memory
	p := packer{out: &out}
	for _, f := range files {
		if f.Name == manifestFile && m != nil {
			for i := range m.Files {
				for _, g := range files {
					if g.Name == m.Files[i].Name {
						m.Files[i].Sum, m.Files[i].Size = sha256.Sum256(g.Data), int64(len(g.Data))
					}
				}
			}
			text, err := encode(m)
			if err != nil {
				return nil, err
			}
			f.Data = text
		}
		if err := p.add(f.Name, func(w io.Writer) error { _, err := w.Write(f.Data); return err }); err != nil {
			return nil, err
		}
	}
	if err := p.close(); err != nil {
		return nil, err
	}
	return out.b, nil
}

// memory is a file in memory.
type memory struct {
	b  []byte
	at int64
}

func (m *memory) Write(b []byte) (int, error) {
	if grow := int(m.at) + len(b) - len(m.b); grow > 0 {
		m.b = append(m.b, make([]byte, grow)...)
	}
	copy(m.b[m.at:], b)
	m.at += int64(len(b))
	return len(b), nil
}

func (m *memory) Seek(at int64, _ int) (int64, error) {
	m.at = at
	return at, nil
}
