package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"plantroom"
)

const configPath = "/api/v1/gateways/gw-b1/configuration"

func TestAFileIsSentAndItsAnswerShown(t *testing.T) {
	s := newService(t)
	refused(t, s.ask(http.MethodGet, configPath, ""), http.StatusNotFound, plantroom.CodeNotFound, "no configuration was sent")
	type view struct {
		Serial          uint64
		Outcome, Detail string
		By              string
	}
	sent := decode[view](t, s.ask(http.MethodPost, configPath, `{"files":[{"name":"gateway.yaml","text":"gateway: gw-b1\n"}]}`))
	if sent.Serial != 1 || sent.Outcome != "sent" || sent.By != "person:operator" {
		t.Errorf("%+v", sent)
	}
	s.Configured("gw-b1", "refused", "gateway.yaml:1:1: estate: it is missing")
	w := s.ask(http.MethodGet, configPath, "")
	if got := decode[view](t, w); got.Serial != 2 || got.Outcome != "refused" || !strings.Contains(got.Detail, "gateway.yaml:1:1") {
		t.Errorf("%+v", got)
	}
	if strings.Contains(w.Body.String(), "message") || strings.Contains(w.Body.String(), "files") {
		t.Error("the files are shown")
	}
}

func TestWhatCannotBeSentToAGatewayIsRefusedByName(t *testing.T) {
	s := newService(t)
	refused(t, s.ask(http.MethodPost, "/api/v1/gateways/gw-b9/configuration", `{"files":[{"name":"a","text":""}]}`), http.StatusNotFound, plantroom.CodeNotFound, "gw-b9")
	for body, names := range map[string]string{
		`{}`: "0 files",
		`{"files":[{"name":"../etc/passwd","text":""}]}`:                 "the name of a file",
		`{"files":[{"name":"a","text":""},{"name":"a","text":""}]}`:      "twice",
		`{"files":[{"name":"a","text":"","mode":"0777"}]}`:               "mode",
		`{"files":[` + strings.Repeat(`{"name":"a"},`, 17) + `{}]}`:      "18 files",
		`{"files":[{"name":"a","text":"` + strings.Repeat("x", 10) + `"`: "body",
	} {
		refused(t, s.ask(http.MethodPost, configPath, body), http.StatusBadRequest, plantroom.CodeInvalid, names)
	}
}

// A gateway's file may be larger than other bodies, and has its own bounds.
func TestAFileMayBeLargerThanOtherBodies(t *testing.T) {
	s := newService(t)
	body := func(n int) string {
		return fmt.Sprintf(`{"files":[{"name":"gateway.yaml","text":"%s"}]}`, strings.Repeat("x", n))
	}
	if w := s.ask(http.MethodPost, configPath, body(500<<10)); w.Code != http.StatusOK {
		t.Errorf("500 KiB: %d %s", w.Code, w.Body)
	}
	refused(t, s.ask(http.MethodPost, configPath, body(512<<10)), http.StatusRequestEntityTooLarge, plantroom.CodeTooLarge)
	refused(t, s.ask(http.MethodPost, configPath, body(1<<20)), http.StatusRequestEntityTooLarge, plantroom.CodeTooLarge, "1048576")
}
