package app

import (
	"context"
	"errors"
	"slices"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/app/config"
	"plantroom/services/roster"
)

// Reload takes a changed estate over. Everything that can fail comes first;
// then the old spine finishes what it has been given, and the new one
// continues from the store. Gateways stay connected.
//
// A roster or ladder that is wrong within the days to come is refused, and the
// old one stays; the error is a yamldoc.Faults then.
//
// Only the estate and the channels can change: where the rest of the file has
// changed too, the log says so, and it waits for a restart. So do gateways that
// are new to an embedded broker. CodeInvalid: the changed estate cannot be served;
// CodeUnavailable: the server has been stopped, or the store does not answer.
func (s *Server) Reload(ctx context.Context, cfg *config.Config) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.stopped {
		return plantroom.Errorf(plantroom.CodeUnavailable, "reload: the server has been stopped")
	}
	old := s.spine.Load()
	if cfg.Estate.ID != old.estate.ID {
		return plantroom.Errorf(plantroom.CodeInvalid, "the estate changes from %s to %s: that needs a restart with a data directory of its own", old.estate.ID, cfg.Estate.ID)
	}
	if err := s.lint(cfg); err != nil {
		return err
	}
	r, err := s.newSpine(ctx, cfg)
	if err != nil {
		return err
	}
	if err := s.recordRosters(ctx, &cfg.Estate); err != nil {
		return err
	}
	old.stop()
	s.launch(r)
	s.waitForRestart(cfg)
	return nil
}

// lint looks ahead at rosters and ladders, logs what is worth a look, and
// returns what is wrong.
func (s *Server) lint(cfg *config.Config) error {
	refused, warnings := cfg.Lint(s.now())
	for _, f := range warnings {
		s.log.Warn("look ahead: a roster or ladder is worth a look", "fault", f.Error(), "next", "plantroom roster shows who is on duty")
	}
	return refused.Err()
}

// lintAtStart logs what is wrong as well: a server that does not come up again
// because a roster has run out would be worse than the roster.
func (s *Server) lintAtStart() {
	var refused yamldoc.Faults
	if errors.As(s.lint(s.cfg), &refused) {
		for _, f := range refused {
			s.log.Error("look ahead: a roster or ladder is wrong", "fault", f.Error(), "next", "mend the estate's file and reload")
		}
	}
}

// recordRosters puts the rosters that come into force into the ledger, each
// where it has changed.
func (s *Server) recordRosters(ctx context.Context, e *plantroom.Estate) error {
	err := s.store.Update(ctx, func(tx plantroom.Tx) error {
		for i := range e.Contractors {
			before, err := tx.LedgerOf(roster.Subject(e.Contractors[i].ID))
			if err != nil {
				return err
			}
			row, changed, err := roster.Record(&e.Contractors[i], before, s.now())
			if err == nil && changed {
				err = tx.AppendLedger(row)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return &plantroom.Error{Code: plantroom.CodeOf(err), Op: "record the rosters", Message: "the ledger does not take them", Hint: "see to the disk of the data directory", Err: err}
	}
	return nil
}

// waitForRestart says what of a reloaded file is not in force yet.
func (s *Server) waitForRestart(cfg *config.Config) {
	if !s.cfg.Same(cfg) {
		s.log.Warn("reload: estate and channels are in force, the other changes of the server's file are not", "next", "restart the server to use them")
	}
	if s.cfg.Broker.Embedded == nil {
		return
	}
	for _, g := range cfg.Estate.Gateways {
		admitted := func(have plantroom.Gateway) bool { return have.ID == g.ID }
		if !slices.ContainsFunc(s.cfg.Estate.Gateways, admitted) {
			s.log.Warn("reload: the embedded broker does not admit a new gateway yet", "gateway", g.ID, "next", "restart the server; it makes the gateway's password then")
		}
	}
}
