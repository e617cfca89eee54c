package spool

import (
	"context"
	"log/slog"

	"plantroom"
)

// Recovery says what Open found in the directory and did about it.
type Recovery struct {
	Epoch    uint64
	NewEpoch bool // the directory was empty, or its numbers cannot be known any more
	Clean    bool // it had been closed properly, or was new
	Base     uint64
	Next     uint64
	Segments int
	Records  uint64 // intact, from Base on

	// TornBytes were cut off the end of the newest segment: a group that was
	// being written when the process or the machine stopped, and of which
	// nobody had been told that it was stored.
	TornBytes int64
	// Gaps are the losses found by this Open; Spool.Gaps also has older ones.
	Gaps []plantroom.Gap
	// SetAside names the *.corrupt files made, for inspection.
	SetAside []string
	// Notes are further findings, in words.
	Notes []string
}

// Healed reports whether anything was found that a proper stop does not leave.
func (r *Recovery) Healed() bool {
	return r.TornBytes > 0 || len(r.Gaps) > 0 || len(r.SetAside) > 0 || len(r.Notes) > 0
}

func (r *Recovery) log(l *slog.Logger, dir string) {
	level := slog.LevelInfo
	if len(r.Gaps) > 0 || len(r.SetAside) > 0 || len(r.Notes) > 0 {
		level = slog.LevelWarn
	}
	l.Log(context.Background(), level, "spool opened", "dir", dir, "epoch", r.Epoch, "new_epoch", r.NewEpoch, "clean", r.Clean,
		"base", r.Base, "next", r.Next, "records", r.Records, "torn_bytes", r.TornBytes,
		"gaps", len(r.Gaps), "set_aside", r.SetAside, "notes", r.Notes)
}
