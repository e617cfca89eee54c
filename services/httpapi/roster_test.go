package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"plantroom/services/calendarlink"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/roster"
)

// stranger sends a request without any token.
func (s *service) stranger(method, path string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := request(s.t, method, path, "", headers...)
	r.Header.Del("Authorization")
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	return w
}

func TestACalendarIsForWhoeverHasItsLinkAndNobodyElse(t *testing.T) {
	s := newService(t)
	if w := s.stranger(http.MethodGet, "/calendar/contractor~quicklift~.ics"); w.Code != http.StatusNotFound {
		t.Errorf("before anybody has made a link: %d %s", w.Code, w.Body)
	}
	path := "/calendar/" + s.calendar() + ".ics"
	w := s.stranger(http.MethodGet, path)
	body := w.Body.String()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/calendar; charset=utf-8" || !strings.HasPrefix(body, "BEGIN:VCALENDAR\r\n") ||
		strings.Count(body, "BEGIN:VEVENT") < 100 {
		t.Fatalf("%d %v\n%.400s", w.Code, w.Header(), body)
	}
	if cache := w.Header().Get("Cache-Control"); cache != "private, no-cache" {
		t.Errorf("Cache-Control is %q", cache)
	}
	for name, other := range map[string]string{"another contractor": strings.Replace(path, "quicklift", "grandlift", 1), "a person": strings.Replace(path, "contractor", "person", 1),
		"a guess": path[:len(path)-5] + "A.ics", "nothing": "/calendar/", "no .ics, and a letter more": strings.TrimSuffix(path, ".ics") + "A"} {
		if w := s.stranger(http.MethodGet, other); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "VCALENDAR") {
			t.Errorf("%s: %d %.200s", name, w.Code, w.Body)
		}
	}
	if w := s.stranger(http.MethodPost, path); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a POST: %d", w.Code)
	}
	if err := s.Calendars.Close(calendarlink.Whose{Kind: calendarlink.Contractor, ID: "quicklift"}); err != nil {
		t.Fatal(err)
	}
	if w := s.stranger(http.MethodGet, path); w.Code != http.StatusNotFound {
		t.Errorf("after the link was closed: %d", w.Code)
	}
}

func TestALinkToSomebodyWhoHasGoneShowsNothing(t *testing.T) {
	s := newService(t)
	token, err := s.Calendars.Open(calendarlink.Whose{Kind: calendarlink.Person, ID: "nobody"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if w := s.stranger(http.MethodGet, "/calendar/"+token); w.Code != http.StatusNotFound {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestASubscriberIsToldThatNothingHasChanged(t *testing.T) {
	s := newService(t)
	path := "/calendar/" + s.calendar() + ".ics"
	etag := s.stranger(http.MethodGet, path).Header().Get("ETag")
	if etag == "" {
		t.Fatal("no ETag")
	}
	s.Pass(5 * time.Hour) // the same day
	if w := s.stranger(http.MethodGet, path, "If-None-Match", etag); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("the same day: %d, %d bytes", w.Code, w.Body.Len())
	}
	if w := s.stranger(http.MethodHead, path); w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("ETag") != etag {
		t.Errorf("HEAD: %d %v", w.Code, w.Header())
	}
	s.Pass(24 * time.Hour)
	if w := s.stranger(http.MethodGet, path, "If-None-Match", etag); w.Code != http.StatusOK || w.Header().Get("ETag") == etag {
		t.Errorf("the day after, when there is another day to see: %d", w.Code)
	}
}

func TestTheRosterOfTheDaysToCome(t *testing.T) {
	s := newService(t)
	w := s.ask(http.MethodGet, "/api/v1/roster?days=2", "")
	var got roster.Outlook
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err)
	}
	if got.From != apitest.Start || got.To != apitest.Start.Add(48*time.Hour) || got.Zone != "Asia/Shanghai" || len(got.Duties) == 0 {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"0", "367", "x", "-1"} {
		if w := s.ask(http.MethodGet, "/api/v1/roster?days="+bad, ""); w.Code != http.StatusBadRequest {
			t.Errorf("days=%s: %d", bad, w.Code)
		}
	}
	if w := s.stranger(http.MethodGet, "/api/v1/roster"); w.Code != http.StatusUnauthorized {
		t.Errorf("a stranger: %d", w.Code)
	}
}
