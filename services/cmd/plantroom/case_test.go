package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom/services/httpapi/apitest"
	"plantroom/services/httpapi/guard"
)

// caseSite is a server's file, and the server that it describes.
func caseSite(t *testing.T) (file string, house *apitest.House) {
	t.Helper()
	dir := t.TempDir()
	if code, _, errs := plantroomWith("init", dir); code != exitOK {
		t.Fatal(errs)
	}
	house = apitest.New(t)
	h, err := house.Guard(guard.Options{}).Handler(house.API().Routes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	file = filepath.Join(dir, "plantroom.yaml")
	edit(t, file, "listen: 127.0.0.1:8080", "listen: "+strings.TrimPrefix(server.URL, "http://"))
	if err := os.MkdirAll(filepath.Join(dir, "data", "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "secrets", "operator-token"), []byte(apitest.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, house
}

func TestACaseIsWorkedThroughOnTheCommandLine(t *testing.T) {
	file, house := caseSite(t)
	for _, c := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"list", file}, exitOK, []string{"no cases\n"}},
		{[]string{"playbooks", file}, exitOK, []string{"PLAYBOOK ", "arrears-cannot-pay  arrears    Arrears: cannot pay", "(office)", "unverified", "settled, not_met"}},
		{[]string{"open", file, "arrears-forgot", "--about", "b1-12a", "--text", "two quarters\x1b[31m", "--contact", "Chen Bo", "--by", "sun", "--responsible", "lin", "--key", "k1"}, exitOK, []string{"case-000001: opened, in the ledger; open until 2026-04-13 10:00, lin is responsible\n"}},
		{[]string{"open", file, "arrears-forgot", "--about", "b1-12a", "--text", "two quarters\x1b[31m", "--contact", "Chen Bo", "--by", "sun", "--responsible", "lin", "--key", "k1"}, exitOK, []string{"case-000001"}},
		{[]string{"show", file, "case-000001"}, exitOK, []string{"case-000001  Arrears: forgotten\n", "about    b1-12a\n", "two quarters·[31m\n", "never    Cut off or slow down lifts", "again   engineer", "after remind", "outcomes: paid (needs bill)"}},
		{[]string{"tick", "--by", "sun", file, "case-000001", "bill"}, exitUsage, []string{"lacks a note"}},
		{[]string{"tick", "--by", "sun", file, "case-000001", "bill", "--note", "it is right"}, exitOK, []string{"case-000001: ticked bill"}},
		{[]string{"say", file, "case-000001", "--by", "lin", "--to", "Mr Chen", "--how", "by letter", "--text", "please pay"}, exitOK, []string{"say, in the ledger"}},
		{[]string{"note", file, "case-000001", "--by", "lin", "--text", "lost his work"}, exitOK, []string{"note"}},
		{[]string{"playbook", file, "case-000001", "arrears-cannot-pay", "--by", "lin", "--reason", "lost his work"}, exitOK, []string{"playbook"}},
		{[]string{"assign", file, "case-000001", "--by", "lin", "--responsible", "sun"}, exitOK, []string{"sun is responsible"}},
		{[]string{"show", file, "case-000001"}, exitOK, []string{"Arrears: cannot pay", "bill: it is right", "said by lin to Mr Chen, by letter: please pay"}},
		{[]string{"close", file, "case-000001", "--by", "lin", "--outcome", "relief", "--reason", "x"}, exitUsage, []string{"needs talk, help"}},
		{[]string{"close", file, "case-000001", "--by", "lin", "--outcome", "paid", "--reason", "it came"}, exitOK, []string{"closed with the outcome paid, forgotten on 2031-03-01"}},
		{[]string{"list", file}, exitOK, []string{"no cases"}},
		{[]string{"list", "--all", file}, exitOK, []string{"CASE         STATE          PLAYBOOK", "case-000001  closed (paid)  arrears-cannot-pay  sun"}},
		{[]string{"show", file, "case-000001", "--record"}, exitOK, []string{"case.opened", "case and ledger bear each other out\n"}},
		{[]string{"reopen", file, "case-000001", "--by", "lin", "--reason", "it bounced"}, exitOK, []string{"open until"}},
		{[]string{"forget", file, "case-000001", "--by", "lin"}, exitUsage, []string{"close it first"}},
		{[]string{"show", file, "case-000002"}, exitUsage, []string{"case-000002"}},
		{[]string{"show", file}, exitUsage, []string{"case list|playbooks FILE"}},
		{[]string{"dance", file}, exitUsage, []string{"case list|playbooks FILE"}},
		{[]string{"list", file, "--colour"}, exitUsage, []string{"lists the flags"}},
	} {
		code, out, errs := plantroomWith(append([]string{"case"}, c.args...)...)
		for _, w := range c.want {
			if !strings.Contains(out+errs, w) {
				t.Errorf("%q: no %q in\n%s%s", c.args, w, out, errs)
			}
		}
		if code != c.code {
			t.Errorf("%q: exit code %d, want %d: %s", c.args, code, c.code, errs)
		}
	}
	house.Pass(3 * time.Second)
}

func TestACaseIsPrintedAsJSONForPrograms(t *testing.T) {
	file, house := caseSite(t)
	house.Owes()
	var list []struct{ ID, Next string }
	code, out, errs := plantroomWith("case", "list", file, "--json", "--kind", "arrears")
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != exitOK || len(list) != 1 || list[0].Next != "bill" {
		t.Errorf("%v %s%s", err, out, errs)
	}
	var c struct {
		Text  string
		Tasks []struct{ ID string }
	}
	_, out, errs = plantroomWith("case", "show", file, "case-000001", "--json")
	if err := json.Unmarshal([]byte(out), &c); err != nil || c.Text != "two quarters are owed" || len(c.Tasks) != 3 {
		t.Errorf("%v %s%s", err, out, errs)
	}
}
