package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"plantroom"
)

// Get reads a page of the API as the operator.
func (s *Stack) Get(ctx context.Context, path string, into any) error {
	body, err := s.Page(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// Page reads a page as the operator.
func (s *Stack) Page(ctx context.Context, path string) ([]byte, error) {
	token, err := s.Token()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s: %s", path, resp.Status, body[:min(len(body), 300)])
	}
	return body, nil
}

// list reads a listing of the API to its end.
func list[T any](ctx context.Context, s *Stack, path, cursor string) ([]T, error) {
	var out []T
	for after := ""; ; {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		q := url.Values{"limit": {"1000"}}
		if after != "" {
			q.Set(cursor, after)
		}
		if err := s.Get(ctx, path+"?"+q.Encode(), &page); err != nil {
			return nil, err
		}
		out = append(out, page.Items...)
		if page.Next == "" {
			return out, nil
		}
		after = page.Next
	}
}

// Incidents returns all incidents.
func (s *Stack) Incidents(ctx context.Context) ([]plantroom.Incident, error) {
	return list[plantroom.Incident](ctx, s, "/api/v1/incidents", "after")
}

// Orders returns all work orders.
func (s *Stack) Orders(ctx context.Context) ([]plantroom.WorkOrder, error) {
	return list[plantroom.WorkOrder](ctx, s, "/api/v1/orders", "before")
}

// Quarantined returns how many things have been set aside.
func (s *Stack) Quarantined(ctx context.Context) (int, error) {
	var v struct {
		Count int `json:"count"`
	}
	err := s.Get(ctx, "/api/v1/quarantine/count", &v)
	return v.Count, err
}

// Health is what a gateway says of itself; its /health page says more.
type Health struct {
	Status   string   `json:"status"`
	Problems []string `json:"problems"`
	Spool    struct {
		Records uint64 `json:"records"` // accepted, and not yet stored by the server
	} `json:"spool"`
	Reloads int `json:"reloads"`
	Refused int `json:"reloads_refused"`
}

// Err says what is wrong; nil: the gateway is connected to all that it needs.
func (h Health) Err() error {
	if h.Status != "ok" {
		return fmt.Errorf("it is %s: %s", h.Status, strings.Join(h.Problems, "; "))
	}
	return nil
}

// GatewayHealth asks a gateway how it is.
func (s *Stack) GatewayHealth(ctx context.Context, id plantroom.GatewayID) (Health, error) {
	var h Health
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.health[id]+"/health", nil)
	if err != nil {
		return h, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return h, err
	}
	defer resp.Body.Close()
	return h, json.NewDecoder(resp.Body).Decode(&h)
}
