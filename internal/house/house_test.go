// Package house holds the tests that keep the house in shape: which folder may
// import which, what must stay out of the gateway's binary, and that each
// package says what it is for. It has no code of its own.
package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath, Name, Doc, Dir string
	Imports, TestImports       []string
	XTestImports, Deps         []string
	GoFiles, TestGoFiles       []string
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Name,Doc,Dir,Imports,TestImports,XTestImports,Deps,GoFiles,TestGoFiles"}, args...)...)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var ps []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return ps
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
}

const module = "plantroom"

// mayImport says, for a folder and all below it, which of our own folders it
// may use. The longest folder that fits counts; "." is the root package.
var mayImport = map[string][]string{
	".":                        {},
	"internal/yamldoc":         {},
	"internal/access":          {},
	"internal/mqttconn":        {".", "internal/mqttconn", "internal/parts"},
	"internal/parts":           {},
	"internal/sdnotify":        {"."},
	"internal/keyfile":         {"."},
	"internal/house":           {},
	"packaging":                {}, // tests only: they use internal/parts
	"firmware-bridge":          {".", "firmware-bridge/jsonwalk"},
	"gateway":                  {".", "firmware-bridge", "gateway", "internal/access", "internal/yamldoc", "internal/mqttconn", "internal/sdnotify"},
	"services":                 {".", "firmware-bridge/wire", "services", "internal/yamldoc", "internal/mqttconn", "internal/sdnotify"},
	"services/domains":         {".", "services/domains"},
	"services/detect":          {"."},
	"services/alerts":          {".", "services/dispatch", "services/store"}, // dispatch and store: tests only
	"services/sla":             {"."},
	"services/profiles":        {".", "internal/yamldoc"},
	"services/playbooks":       {".", "internal/yamldoc"},
	"services/cases":           {".", "services/sla", "services/roster"},
	"services/roster":          {".", "services/icalendar"},
	"services/icalendar":       {"."},
	"services/calendarlink":    {"."},
	"services/rehearsal":       {".", "services/roster"},
	"services/ledger":          {"."},
	"services/report":          {".", "services/sla", "services/profiles", "services/roster"},
	"services/spools":          {".", "firmware-bridge/wire"},
	"services/history":         {".", "services/sla", "services/detect", "services/spools"},
	"services/evidence":        {".", "services/ledger", "services/dispatch", "services/proofs", "services/httpapi/apitest", "internal/parts"}, // proofs, apitest and parts: tests only
	"services/proofs":          {".", "services/store"},                                                                                        // store: tests only
	"services/joblink":         {".", "internal/keyfile"},
	"services/gatewayconfig":   {".", "firmware-bridge/wire", "internal/keyfile"},
	"services/estate":          {".", "internal/yamldoc", "services/roster", "services/sla"},
	"services/dispatch":        {".", "services/sla", "services/profiles", "services/roster", "services/joblink"},
	"services/ingest":          {".", "firmware-bridge/wire"},
	"services/outbox":          {"."},
	"services/notify":          {".", "services/notify/wording", "services/notify/outside"}, // what channels share; they import no other channel
	"services/notify/provider": {".", "internal/yamldoc", "services/notify/wording", "services/notify/outside"},
	"services/influx":          {"."},
	"services/influxd":         {".", "services/influxd", "internal/parts"},
	"services/store":           {"."},
	"services/broker":          {".", "firmware-bridge/wire", "internal/access"},
	"dashboards":               {".", "services/domains", "services/detect", "dashboards"}, // the data source is a module of its own
	"sim":                      {".", "firmware-bridge", "gateway", "services", "sim", "internal", "dashboards"},
	"firmware-bridge/devices":  {".", "firmware-bridge"},

	// The engine that runs codecs is in a program of its own.
	"firmware-bridge/codec/engine": {".", "firmware-bridge/codec"},

	// What several families share; they import no other family.
	"firmware-bridge/lorawan":    {".", "firmware-bridge/jsonobject"},
	"firmware-bridge/chirpstack": {".", "firmware-bridge/lorawan"},
	"firmware-bridge/thethings":  {".", "firmware-bridge/lorawan"},
	"firmware-bridge/shelly":     {".", "firmware-bridge/jsonobject"},
	"firmware-bridge/tasmota":    {".", "firmware-bridge/jsonobject"},
	"firmware-bridge/node":       {".", "firmware-bridge/node", "internal/parts"}, // nodetest runs the firmware
}

// wiring lists the folders that alone may put the parts together.
var wiring = []string{"services/app", "services/cmd", "gateway/app", "gateway/cmd", "sim"}

func within(dir, folder string) bool {
	return folder == "." && dir == "." || dir == folder || folder != "." && strings.HasPrefix(dir, folder+"/")
}

func folder(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func permitted(dir string) (string, []string) {
	for d := dir; ; d = path.Dir(d) {
		if to, ok := mayImport[d]; ok && (d != "." || dir == ".") {
			return d, to
		}
		if d == "." {
			return "", nil
		}
	}
}

func TestImportsGoOneWay(t *testing.T) {
	for _, p := range list(t, "./...") {
		dir, _ := folder(p.ImportPath)
		rule, to := permitted(dir)
		if rule == "" {
			t.Errorf("%s: no rule says what it may import; add the folder to mayImport", dir)
			continue
		}
		for _, imp := range p.Imports {
			target, ours := folder(imp)
			if !ours {
				if dir == "." && strings.Contains(imp, ".") {
					t.Errorf("the root package imports %s: it may use the standard library only", imp)
				}
				continue
			}
			if !slices.ContainsFunc(to, func(f string) bool { return within(target, f) }) {
				t.Errorf("%s imports %s: %s may import only %v", dir, target, rule, to)
			}
			if within(target, "sim") && !within(dir, "sim") {
				t.Errorf("%s imports %s: nothing imports the simulator", dir, target)
			}
		}
	}
}

// Adapters meet only in the wiring.
func TestAdaptersDoNotImportAdapters(t *testing.T) {
	adapters := []string{"services/influx", "services/store", "services/broker", "services/notify", "services/influxd"}
	for _, p := range list(t, "./services/...") {
		dir, _ := folder(p.ImportPath)
		if slices.ContainsFunc(wiring, func(f string) bool { return within(dir, f) }) || strings.HasSuffix(dir, "test") {
			continue // a test house, such as apitest, stands on real parts
		}
		for _, imp := range p.Imports {
			target, ours := folder(imp)
			for _, a := range adapters {
				if ours && within(target, a) && !within(dir, a) {
					t.Errorf("%s imports the adapter %s: take an interface and let services/app wire it", dir, target)
				}
			}
		}
	}
}

func TestTheGatewayCarriesNoServerParts(t *testing.T) {
	for _, p := range list(t, "./gateway/cmd/plantroom-gateway") {
		for _, dep := range p.Deps {
			if dep == "database/sql/driver" {
				continue // two interfaces of an id that mochi-mqtt makes (rs/xid): no database
			}
			for _, no := range []string{"database/sql", "modernc.org/sqlite", "influxdata", "grafana", "jackc/pgx", "plantroom/services", "plantroom/sim", "prometheus/client_golang"} {
				if strings.Contains(dep, no) {
					t.Errorf("the gateway's binary contains %s", dep)
				}
			}
		}
	}
}

// The process that has the keys and the spool runs nobody's code: the engine is
// in plantroom-codec, which holds none of what a gateway is otherwise.
func TestTheEngineForCodecsIsInAProgramOfItsOwn(t *testing.T) {
	holds := func(program string, parts ...string) (found []string) {
		for _, p := range list(t, program) {
			for _, dep := range p.Deps {
				if slices.ContainsFunc(parts, func(part string) bool { return dep == part || strings.HasPrefix(dep, part+"/") }) {
					found = append(found, dep)
				}
			}
		}
		return found
	}
	if found := holds("./gateway/cmd/plantroom-gateway", "modernc.org", "github.com/dop251/goja", module+"/firmware-bridge/codec/engine"); found != nil {
		t.Errorf("the gateway's program holds a JavaScript engine: %v", found)
	}
	if found := holds("./gateway/cmd/plantroom-codec", "modernc.org/quickjs"); found == nil {
		t.Error("plantroom-codec holds no engine: does this test still look for the right one?")
	}
	if found := holds("./gateway/cmd/plantroom-codec", "crypto/tls", "net/http", module+"/gateway/spool", module+"/internal/mqttconn", module+"/gateway/app"); found != nil {
		t.Errorf("plantroom-codec holds what is the gateway's: %v", found)
	}
}

func TestEachPackageSaysWhatItIsFor(t *testing.T) {
	banned := []string{"util", "utils", "helpers", "common", "models", "types", "misc"}
	for _, p := range list(t, "./...") {
		if len(p.GoFiles) == 0 {
			continue
		}
		if !strings.HasPrefix(p.Doc, "Package "+p.Name) && p.Name != "main" || p.Doc == "" {
			t.Errorf("%s has no doc comment that begins with %q", p.ImportPath, "Package "+p.Name)
		}
		if slices.Contains(banned, p.Name) {
			t.Errorf("%s: %q says nothing; name the package after what it provides", p.ImportPath, p.Name)
		}
	}
}
