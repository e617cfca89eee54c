package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
	"plantroom/gateway/remote"
)

// Remote says whose configurations are taken over the network.
type Remote struct {
	Keys      []string           `json:"keys"`
	Dir       string             `json:"dir"`
	Probation plantroom.Duration `json:"probation,omitempty"` // 0: remote.DefaultProbation
	Files     []string           `json:"files,omitempty"`

	Public remote.Keys `json:"-"` // after a Load without faults
}

// The bounds of a probation. A shorter one would end before a connection that
// was refused once is tried again.
const (
	minProbation = 10 * time.Second
	maxProbation = time.Hour
)

// fill makes paths independent of the file's place.
func (r *Remote) fill(from func(*string)) {
	if r == nil {
		return
	}
	from(&r.Dir)
	for i := range r.Keys {
		from(&r.Keys[i])
	}
	for i := range r.Files {
		from(&r.Files[i])
	}
}

// remote checks the section.
func (k *checker) remote(c *Config) {
	r := c.Remote
	if r == nil {
		return
	}
	sound := true
	for i, file := range r.Keys {
		_, err := remote.ReadKeys(file)
		k.broken(fmt.Sprintf("/remote/keys/%d", i), err)
		sound = sound && err == nil
	}
	if sound {
		r.Public, _ = remote.ReadKeys(r.Keys...) // they have just been read
	}
	if p := time.Duration(r.Probation); p != 0 && (p < minProbation || p > maxProbation) {
		k.fault("/remote/probation", p.String()+" is out of range", "use 10s to 1h")
	}
	if within(c.Spool.Dir, r.Dir) || within(r.Dir, c.Spool.Dir) {
		k.fault("/remote/dir", "it lies in the spool's directory, or around it", "give each a directory of its own")
	}
}

// within reports whether a path is a directory or lies in it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// read reads a file that the configuration names, and no more than limit and
// one byte. What was sent along stands before what lies on disk.
func (k *checker) read(file string, limit int64) ([]byte, error) {
	if k.sent != nil {
		if b, ok := k.sent.body(file); ok {
			return b, nil
		}
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s is no file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	return b, errors.Join(err, f.Close())
}
