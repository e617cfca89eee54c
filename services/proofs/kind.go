package proofs

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"plantroom"
)

// Bounds of a file.
const (
	// MaxFile is the largest file, in bytes. A telephone's photo has two to six
	// million.
	MaxFile = 8 << 20
	// MaxSide is the longest side of a picture, in pixels.
	MaxSide = 16_384
	// MaxPixels bounds what a browser has to hold to show a picture, at four
	// bytes each: 256 MB.
	MaxPixels = 64_000_000
)

// The media types that are taken.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
	PDF  = "application/pdf"
)

// Types lists what is taken.
func Types() []string { return []string{JPEG, PNG, PDF} }

// Extension gives a file's usual ending, with the dot.
func Extension(mediaType string) string {
	switch mediaType {
	case JPEG:
		return ".jpg"
	case PNG:
		return ".png"
	case PDF:
		return ".pdf"
	}
	return ".bin"
}

// headers are how files of the types begin: a JPEG's SOI marker and the next
// one's first byte (ITU-T T.81, B.1.1), a PNG's signature (RFC 2083, 3.1), and a
// PDF's first line (ISO 32000, 7.5.2).
var headers = []struct{ mediaType, begins string }{
	{JPEG, "\xff\xd8\xff"},
	{PNG, "\x89PNG\r\n\x1a\n"},
	{PDF, "%PDF-"},
}

// Kind finds out what a file is, by its bytes alone. Sum and Size are left to
// whoever has them. It fails with CodeInvalid for anything that is not taken,
// and says what.
func Kind(r io.ReaderAt, size int64) (plantroom.ProofFile, error) {
	var f plantroom.ProofFile
	begin := make([]byte, 16)
	n, err := r.ReadAt(begin, 0)
	if err != nil && err != io.EOF {
		return f, err
	}
	begin = begin[:n]
	for _, h := range headers {
		if bytes.HasPrefix(begin, []byte(h.begins)) {
			f.Type = h.mediaType
		}
	}
	switch f.Type {
	case JPEG:
		return picture(f, r, size, jpeg.DecodeConfig)
	case PNG:
		return picture(f, r, size, png.DecodeConfig)
	case PDF:
		return f, paper(r, size)
	}
	return f, refused("it is %s", foreign(begin))
}

// foreign names a file that is not taken, where it is one that people send.
func foreign(begin []byte) string {
	has := func(at int, s string) bool { return len(begin) >= at && bytes.HasPrefix(begin[at:], []byte(s)) }
	switch {
	case len(begin) == 0:
		return "empty"
	case has(0, "RIFF") && has(8, "WEBP"):
		return "a WebP picture"
	case has(4, "ftyphe"), has(4, "ftypmif1"), has(4, "ftypmsf1"):
		return "a HEIC picture: set the telephone's camera to its most compatible format"
	case has(4, "ftyp"):
		return "a video, or a picture of another format"
	case has(0, "GIF8"):
		return "a GIF picture"
	case has(0, "PK\x03\x04"):
		return "an archive or an office document: print it to a PDF"
	}
	return "none of them"
}

func refused(format string, args ...any) error {
	return plantroom.Errorf(plantroom.CodeInvalid, "only JPEG, PNG and PDF files are taken: "+format, args...)
}

// picture reads width and height from the header, and no pixel.
func picture(f plantroom.ProofFile, r io.ReaderAt, size int64, config func(io.Reader) (image.Config, error)) (plantroom.ProofFile, error) {
	c, err := config(io.NewSectionReader(r, 0, size))
	if err != nil {
		return f, refused("this one begins like a picture and is damaged")
	}
	if c.Width < 1 || c.Height < 1 || c.Width > MaxSide || c.Height > MaxSide || c.Width*c.Height > MaxPixels {
		return f, plantroom.Errorf(plantroom.CodeTooLarge, "the picture is %d by %d pixels; at most %d a side are taken, and %d million in all", c.Width, c.Height, MaxSide, MaxPixels/1_000_000)
	}
	f.Width, f.Height = c.Width, c.Height
	return f, nil
}

// pdfEnd is how far from a PDF's end its end mark may lie: readers look for it
// in the last 1,024 bytes.
const pdfEnd = 1024

// paper checks that a PDF was not cut off on its way.
func paper(r io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, pdfEnd))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	if !bytes.Contains(tail, []byte("%%EOF")) {
		return refused("this one begins like a PDF and does not end like one")
	}
	return nil
}
