package app

import (
	"context"
	"path/filepath"
	"sync"

	"plantroom/services/history"
)

// historyFile is what the history is kept in between two starts: a cache, which
// may be deleted while the server is down.
const historyFile = "history.cache"

// startHistory follows the store from now on. It is stopped after everything that
// commits, and before the store is closed.
func (s *Server) startHistory(context.Context) error {
	s.history = history.New(history.Options{Store: s.store, Path: filepath.Join(s.cfg.Data, historyFile), Logger: s.log.With("part", "history"), Now: s.now})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.history.Run(ctx) })
	s.onStop(func() { cancel(); running.Wait() })
	return nil
}

// changed passes on what a transaction has changed. Nobody outside follows works.
func (s *Server) changed(kind, subject string) {
	s.history.Changed(kind, subject)
	if kind != worksChange {
		s.hub.Publish(kind, subject, s.now())
	}
}

// worksChange is a change of planned works, beside the kinds of live.
const worksChange = history.ChangedWorks
