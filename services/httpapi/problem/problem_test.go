package problem_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/httpapi/problem"
)

func TestEveryCodeOfTheHouseHasAStatus(t *testing.T) {
	for code, status := range map[plantroom.Code]int{
		plantroom.CodeInvalid: 400, plantroom.CodeUnauth: 401, plantroom.CodeForbidden: 403, plantroom.CodeNotFound: 404, plantroom.CodeConflict: 409,
		plantroom.CodeTransition: 409, plantroom.CodeExpired: 410, plantroom.CodeTooLarge: 413, plantroom.CodeInternal: 500, plantroom.CodeUnavailable: 503,
	} {
		if got := problem.Status(code); got != status {
			t.Errorf("%s is %d, want %d", code, got, status)
		}
	}
	if got := problem.Status("a code of tomorrow"); got != 500 {
		t.Errorf("an unknown code is %d", got)
	}
}

func TestTheCauseIsLoggedAndNeverShown(t *testing.T) {
	for name, err := range map[string]error{
		"a plain error": errors.New("dial 10.0.0.7: refused"),
		"a wrapped one": fmt.Errorf("dial 10.0.0.7: %w", errors.New("refused")),
		"a cause":       &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "ask InfluxDB", Message: "it does not answer", Hint: "it heals by itself", Err: errors.New("dial 10.0.0.7")},
	} {
		var log strings.Builder
		w := httptest.NewRecorder()
		problem.Write(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil), slog.New(slog.NewTextHandler(&log, nil)), err)
		if strings.Contains(w.Body.String(), "10.0.0.7") || !strings.Contains(log.String(), "10.0.0.7") || w.Code < 500 {
			t.Errorf("%s: %d %s, logged %q", name, w.Code, w.Body, log.String())
		}
	}
}

func TestWhatTheAskerDidWrongIsNotLogged(t *testing.T) {
	var log strings.Builder
	w := httptest.NewRecorder()
	problem.Write(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil), slog.New(slog.NewTextHandler(&log, nil)),
		plantroom.Errorf(plantroom.CodeInvalid, "limit is 0"))
	if log.Len() != 0 || w.Code != 400 || !strings.Contains(w.Body.String(), "limit is 0") {
		t.Errorf("%d %s, logged %q", w.Code, w.Body, log.String())
	}
}
