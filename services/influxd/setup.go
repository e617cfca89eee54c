package influxd

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"

	"plantroom"
)

// user is the one user of the child, an administrator of it.
const user = "plantroom"

func (s *Server) ping(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/ping", nil)
	if err != nil {
		return false
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusNoContent
}

func (s *Server) createDatabase(ctx context.Context) error {
	if err := plantroom.ValidID(s.opt.Database); err != nil {
		return err
	}
	if s.opt.Auth {
		if err := s.createUser(ctx); err != nil {
			return err
		}
	}
	return s.query(ctx, fmt.Sprintf("CREATE DATABASE %q", s.opt.Database))
}

// createUser makes the administrator. InfluxDB lets the first one be made
// without a login; later starts find it and change nothing.
func (s *Server) createUser(ctx context.Context) error {
	err := s.query(ctx, fmt.Sprintf("CREATE USER %q WITH PASSWORD '%s' WITH ALL PRIVILEGES", user, s.secret))
	if err != nil && strings.Contains(err.Error(), "user already exists") {
		return nil
	}
	return err
}

func (s *Server) query(ctx context.Context, q string) error {
	form := url.Values{"q": {q}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+"/query", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if s.opt.Auth {
		req.SetBasicAuth(user, s.secret)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct {
		Error   string
		Results []struct{ Error string }
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&answer); err != nil {
		return fmt.Errorf("influxd answers %s: %w", resp.Status, err)
	}
	for _, r := range answer.Results {
		answer.Error += r.Error
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}

// password returns the password in a file that only we can read, and makes
// both where there is none.
func password(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err == nil && len(bytes.TrimSpace(b)) > 0 {
		return string(bytes.TrimSpace(b)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	secret := rand.Text()
	return secret, os.WriteFile(file, []byte(secret+"\n"), 0o600)
}
