package app

import (
	"context"
	"os"
	"time"

	"plantroom"
	"plantroom/services/evidence"
	"plantroom/services/httpapi/handin"
	"plantroom/services/proofs"
)

// openProofs opens the directory of files of proof.
func (s *Server) openProofs() error {
	dir, err := proofs.Open(proofs.In(s.cfg.Data))
	if err != nil {
		return err
	}
	s.onStop(func() {
		if err := dir.Close(); err != nil {
			s.log.Error("close the files of proof", "error", err, "next", "nothing that was taken is lost; look at the disk")
		}
	})
	s.proofs = handin.New(dir, s.log)
	return nil
}

// mostNamed is how many damaged files are named one by one in the log.
const mostNamed = 20

// auditProofs says which files of proof are not there any more, or not whole. It
// looks at sizes; plantroom proofs reads every file.
func (s *Server) auditProofs(ctx context.Context) error {
	a, err := s.proofs.Dir.Audit(ctx, s.store, false)
	if err != nil {
		return err
	}
	for _, f := range a.Faults[:min(len(a.Faults), mostNamed)] {
		s.log.Error("a file of proof is damaged", "file", f, "next", "put the file of a backup into its place")
	}
	if n := len(a.Faults); n > mostNamed {
		s.log.Error("more files of proof are damaged", "files", n-mostNamed, "next", "plantroom proofs lists them all")
	}
	if n := len(a.Orphans); n > 0 {
		s.log.Info("files of proof that no order has", "files", n, "next", "plantroom proofs --sweep removes them; not after a database was set back")
	}
	return nil
}

// bundler makes bundles of evidence, one at a time: each may hold the reading of
// the store for as long as InfluxDB takes to answer.
type bundler struct {
	*Server
	slots chan struct{}
}

// Bundle implements httpapi.Bundles.
func (b *bundler) Bundle(ctx context.Context, order plantroom.OrderID, redact bool) (f *os.File, m evidence.Manifest, sum plantroom.Hash, err error) {
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-ctx.Done():
		return nil, m, sum, ctx.Err()
	}
	e := b.estate()
	opt := evidence.Options{Redact: redact, Estate: e.ID, Measurements: Measurements(), Files: b.proofs.Dir}
	if opt.Zone, err = time.LoadLocation(e.Zone); err != nil {
		return nil, m, sum, err
	}
	if opt.Telemetry, err = Telemetry(b.cfg); err != nil {
		opt.NoTelemetry = plantroom.MessageOf(err)
	}
	if f, err = b.proofs.Dir.Scratch(); err != nil {
		return nil, m, sum, err
	}
	err = b.store.View(ctx, func(tx plantroom.Tx) (err error) {
		m, sum, err = evidence.Build(ctx, tx, order, f, opt)
		return err
	})
	if err != nil {
		_ = f.Close() // it has no name: nothing is left of it
		return nil, m, sum, err
	}
	return f, m, sum, nil
}
