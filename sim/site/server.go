package site

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"plantroom"
)

// server asks Plantroom's API as the operator.
type server struct {
	base  *url.URL
	token string
}

// client gives up on a server that does not answer. It follows no redirect: that
// would hand the token on.
var client = http.Client{Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// mostOpen bounds what is gone on from; an estate of the simulator has fewer.
const mostOpen = 1000

// state is what is open now. CodeInvalid: the server's estate is another one.
func (s *server) state(ctx context.Context, estate plantroom.EstateID) ([]plantroom.Incident, []plantroom.WorkOrder, error) {
	var e struct {
		ID plantroom.EstateID `json:"id"`
	}
	if err := s.ask(ctx, http.MethodGet, "/api/v1/estate", nil, &e); err != nil {
		return nil, nil, err
	}
	if e.ID != estate {
		return nil, nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "play the site", Message: fmt.Sprintf("the server's estate is %s, and the scenario's is %s", e.ID, estate),
			Hint: "name a server of that estate: plantroom-sim estate writes its files"}
	}
	var incidents struct{ Items []plantroom.Incident }
	if err := s.ask(ctx, http.MethodGet, fmt.Sprintf("/api/v1/incidents?open=true&limit=%d", mostOpen), nil, &incidents); err != nil {
		return nil, nil, err
	}
	var orders struct{ Items []plantroom.WorkOrder }
	err := s.ask(ctx, http.MethodGet, fmt.Sprintf("/api/v1/orders?open=true&limit=%d", mostOpen), nil, &orders)
	return incidents.Items, orders.Items, err
}

// press does something about an order for a contractor.
func (s *server) press(ctx context.Context, o plantroom.OrderID, do plantroom.OrderAction, by, note string) error {
	body, err := json.Marshal(map[string]string{"by": by, "note": note, "reason": note})
	if err != nil {
		return err
	}
	return s.ask(ctx, http.MethodPost, "/api/v1/orders/"+string(o)+"/"+string(do), body, &struct{}{})
}

func (s *server) ask(ctx context.Context, method, path string, body []byte, into any) error {
	at, err := s.base.Parse(path)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "ask the server", Message: s.base.String() + " does not answer", Err: err,
			Hint: "see whether it runs and whether that is its address, then start this again"}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	switch {
	case err != nil:
		return fmt.Errorf("ask the server: %s: %w", path, err)
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return &plantroom.Error{Code: plantroom.CodeUnauth, Op: "ask the server", Message: s.base.String() + " does not take the token",
			Hint: "name the file of the operator's: secrets/operator-token in the server's data directory"}
	case resp.StatusCode != http.StatusOK:
		return plantroom.Errorf(plantroom.CodeUnavailable, "ask the server: %s: %s: %s", path, resp.Status, text[:min(len(text), 300)])
	}
	return json.Unmarshal(text, into)
}
