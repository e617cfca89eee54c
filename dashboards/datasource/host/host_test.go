package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom/dashboards/datasource/launch"
	"plantroom/dashboards/datasource/launch/launchtest"
	"plantroom/dashboards/datasource/pkg/api/apitest"
)

// program is the path of the plugin's built program.
var program string

func TestMain(m *testing.M) { launchtest.Main(m, &program) }

// open starts a host before a Plantroom, and returns its address.
func open(t *testing.T, s *apitest.Server) string {
	t.Helper()
	p, err := launch.Start(program, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, l, newHost(p, source{UID: "plantroom", URL: s.URL, Public: "https://plantroom.example", Token: apitest.Token}))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("the host ended with ", err)
		}
	})
	return "http://" + l.Addr().String()
}

// ask posts queries of the story's first day.
func ask(t *testing.T, base string, header http.Header, queries ...string) (int, map[string]result) {
	t.Helper()
	body := fmt.Sprintf(`{"from":"%d","to":"%d","queries":[%s]}`, apitest.At(0).UnixMilli(), apitest.At(24*time.Hour).UnixMilli(), strings.Join(queries, ","))
	status, text := send(t, base, header, body)
	var got struct{ Results map[string]result }
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%d %s: %v", status, text, err)
	}
	return status, got.Results
}

type result struct {
	Status      int
	Error       string
	ErrorSource string
	Frames      []struct {
		Schema struct {
			RefID  string
			Meta   struct{ Channel string }
			Fields []struct{ Name string }
		}
		Data struct{ Values [][]any }
	}
}

func send(t *testing.T, base string, header http.Header, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/api/ds/query", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for name, list := range header {
		req.Header[name] = list
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) (int, []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, text := do(t, req)
	return status, string(text)
}

const from = `"datasource":{"type":"plantroom-facilities-datasource","uid":"plantroom"}`

func TestQueriesAreAnsweredInGrafanasShape(t *testing.T) {
	base := open(t, apitest.New(t))
	status, got := ask(t, base, nil, `{"refId":"A",`+from+`,"queryType":"work_orders"}`, `{"refId":"B",`+from+`,"queryType":"asset_current"}`, `{"refId":"C","hide":true,`+from+`,"queryType":"weather"}`)
	if status != http.StatusOK || len(got) != 2 {
		t.Fatalf("status %d, %v", status, got)
	}
	for ref, r := range got {
		if r.Status != 200 || r.Error != "" || len(r.Frames) == 0 || r.Frames[0].Schema.RefID != ref || len(r.Frames[0].Data.Values) != len(r.Frames[0].Schema.Fields) || len(r.Frames[0].Data.Values[0]) == 0 {
			t.Errorf("%s: %+v", ref, r)
		}
	}
	status, got = ask(t, base, nil, `{"refId":"A",`+from+`,"queryType":"weather"}`, `{"refId":"B",`+from+`,"queryType":"asset_current"}`)
	if a := got["A"]; status != http.StatusBadRequest || a.Status != 400 || a.ErrorSource != "downstream" || !strings.Contains(a.Error, "the types are") {
		t.Errorf("a type of the future: status %d, %+v", status, a)
	}
	if b := got["B"]; b.Error != "" || len(b.Frames) != 1 {
		t.Errorf("the query beside it: %+v", b)
	}
	if _, got := ask(t, base, http.Header{"Fromalert": {"true"}}, `{"refId":"A",`+from+`,"queryType":"work_orders"}`); len(got["A"].Frames[0].Schema.Fields) != 1 {
		t.Errorf("as an alert: %+v", got)
	}
}

func TestWhatIsNoQueryIsRefused(t *testing.T) {
	base := open(t, apitest.New(t))
	one := `{"refId":"A",` + from + `,"queryType":"work_orders"}`
	for want, body := range map[string]string{
		"bad request data":     `{`,
		"milliseconds":         `{"from":"now-6h","to":"now","queries":[` + one + `]}`,
		"it has 0 queries":     `{"from":"1","to":"2","queries":[]}`,
		"it has 101 queries":   `{"from":"1","to":"2","queries":[` + strings.Repeat(one+",", 100) + one + `]}`,
		"for the data source":  `{"from":"1","to":"2","queries":[{"refId":"A","datasource":{"uid":"other"}}]}`,
		"request body too lar": `{"from":"` + strings.Repeat("1", maxBody) + `"}`,
	} {
		if status, text := send(t, base, nil, body); status != http.StatusBadRequest || !strings.Contains(string(text), want) {
			t.Errorf("%.60s: %d %s, want %q", body, status, text, want)
		}
	}
	if status, text := send(t, base, http.Header{"Content-Type": {"text/plain"}}, `{"from":"1","to":"2","queries":[`+one+`]}`); status != http.StatusBadRequest {
		t.Errorf("as a page elsewhere can send it: %d %s", status, text)
	}
}

func TestResourcesAndHealthAreThePlugins(t *testing.T) {
	s := apitest.New(t)
	base := open(t, s)
	source := base + "/api/datasources/uid/plantroom"
	if status, text := get(t, source+"/resources/variables/assets?building=b2"); status != 200 || !strings.Contains(text, `"b2-w1"`) || strings.Contains(text, `"b1-l1"`) {
		t.Errorf("a variable: %d %s", status, text)
	}
	if status, text := get(t, source+"/resources/weather"); status != 404 || !strings.Contains(text, "no such resource") {
		t.Errorf("an unknown resource: %d %s", status, text)
	}
	if status, text := get(t, source+"/health"); status != 200 || !strings.Contains(text, `"status":"OK"`) {
		t.Errorf("health: %d %s", status, text)
	}
	s.Instead(func(w http.ResponseWriter, _ *http.Request) { apitest.Problem(w, 401, "unauthorized", "") })
	if status, text := get(t, source+"/health"); status != 400 || !strings.Contains(text, `"status":"ERROR"`) || strings.Contains(text, apitest.Token) {
		t.Errorf("health with another token: %d %s", status, text)
	}
	if status, text := get(t, base+"/api/datasources/uid/other/health"); status != 404 || !strings.Contains(text, "other") {
		t.Errorf("another data source: %d %s", status, text)
	}
}

// follow opens a live channel; the function waits for an event that has words.
func follow(t *testing.T, base, channel string) (wait func(words string), leave func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/live/"+channel, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() }) //nolint:errcheck // it is given up
	if resp.StatusCode != http.StatusOK {
		t.Fatal(channel, ": ", resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return func(words string) {
		t.Helper()
		for lines.Scan() {
			frame, ours := strings.CutPrefix(lines.Text(), "data: ")
			if ours && !json.Valid([]byte(frame)) {
				t.Fatalf("no frame: %s", frame)
			}
			if strings.Contains(frame, words) {
				return
			}
		}
		t.Fatalf("%q did not come: %v", words, lines.Err())
	}, cancel
}

func TestALiveChannelIsOneStreamForAllWhoHearIt(t *testing.T) {
	s := apitest.New(t)
	base := open(t, s)
	_, got := ask(t, base, nil, `{"refId":"A",`+from+`,"queryType":"dispatch_events","live":true}`)
	channel := got["A"].Frames[0].Schema.Meta.Channel
	if !strings.HasPrefix(channel, "ds/plantroom/events/") {
		t.Fatalf("the channel is %q", channel)
	}
	one, leaveOne := follow(t, base, channel)
	two, leaveTwo := follow(t, base, channel)
	one("wo-000001") // the backlog
	two("wo-000001")
	s.Happen("order.fix", "wo-000002", "info", "it runs again")
	one("it runs again")
	two("it runs again")
	if n := s.Followers(); n != 1 {
		t.Errorf("the server is followed by %d", n)
	}
	leaveOne()
	s.Happen("order.verify", "wo-000002", "info", "seen to run")
	two("seen to run")
	leaveTwo()
	for end := time.Now().Add(20 * time.Second); s.Followers() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the stream goes on although nobody hears it")
		}
	}
	if status, text := get(t, base+"/api/live/ds/plantroom/events/0000"); status != 404 {
		t.Errorf("an unknown channel: %d %s", status, text)
	}
}

func TestTheHostIsForThisMachineOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80"} {
		if l, err := listen(addr); err == nil || !strings.Contains(err.Error(), "loopback") {
			if l != nil {
				_ = l.Close()
			}
			t.Errorf("%s: %v", addr, err)
		}
	}
	base := open(t, apitest.New(t))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/api/datasources/uid/plantroom/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "plantroom.example"
	if status, text := do(t, req); status != http.StatusForbidden {
		t.Errorf("named otherwise: %d %s", status, text)
	}
}

// The program itself, as tests elsewhere start it.
func TestTheProgramSaysWhereItListensAndTakesNoSecretAsAFlag(t *testing.T) {
	s := apitest.New(t)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(apitest.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(t.TempDir(), "host")
	if out, err := exec.Command("go", "build", "-tags", "arrow_json_stdlib", "-o", built, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(built, "--plugin", program, "--url", s.URL, "--token-file", token)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	base, said := strings.CutPrefix(strings.TrimSpace(line), "stands in for Grafana at ")
	if err != nil || !said {
		t.Fatalf("it says %q, %v", line, err)
	}
	if host, _, err := net.SplitHostPort(strings.TrimPrefix(base, "http://")); err != nil || host != "127.0.0.1" {
		t.Errorf("it listens at %s", base)
	}
	if status, text := get(t, base+"/api/datasources/uid/plantroom/health"); status != 200 {
		t.Errorf("health: %d %s", status, text)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	for _, args := range [][]string{{}, {"--plugin", program, "--url", s.URL}, {"--plugin", program, "--url", s.URL, "--token-file", token, "x"}, {"--token", "x"}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}
