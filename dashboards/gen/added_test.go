package gen_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/dashboards/gen"
)

// A fifth domain that nobody here has heard of gets its board, a figure on the
// overview, a row on the asset's board, a line among the readings that arrive and
// its name in tables, in both flavours. Its states have colours by their words, a
// unit that nobody knows is shown as it is written, and the board is held to all
// that the others are held to. TestEveryQueryOfTelemetryGivesRows asks a real
// InfluxDB each of its queries.
func TestADomainThatIsAddedGetsItsBoardWithoutAnEdit(t *testing.T) {
	o := everybody()
	provisioned := gen.Boards(o, gen.Provisioned)
	i := slices.IndexFunc(provisioned, func(b gen.Board) bool { return b.UID == "plantroom-firedoors" })
	if i < 0 {
		t.Fatal("there is no board of it")
	}
	titles := map[string]bool{}
	provisioned[i].Each(func(p *gen.Panel) { titles[p.Title] = true })
	for _, want := range []string{"Leaf", "Closing force (N.m), mean", "Hold open", "State of each asset: ${building:text}", "Doubtful readings"} {
		if !titles[want] {
			t.Errorf("its board has no panel %q", want)
		}
	}
	text, err := gen.Files(o)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"boards/plantroom-overview.json":  `"/d/plantroom-firedoors?`,
		"boards/plantroom-asset.json":     `"Every reading: Fire doors"`,
		"boards/plantroom-quality.json":   `FROM \"firedoor\"`,
		"import/plantroom-quality.json":   `"text": "Fire doors"`,
		"boards/plantroom-dispatch.json":  `Vehicle bays, Fire doors"`,
		"boards/plantroom-firedoors.json": `"suffix:N.m"`,
	} {
		if !bytes.Contains(text[name], []byte(want)) {
			t.Errorf("%s has no %s", name, want)
		}
	}
	checkBoards(t, o, provisioned)
	for name, list := range map[string][]gen.Board{"provisioned": provisioned, "importable": gen.Boards(o, gen.Importable)} {
		b := &list[i]
		if b.UID != "plantroom-firedoors" || !slices.Equal(b.Annotations.List[0].Target.Domain, []string{"firedoors"}) {
			t.Fatalf("%s: %s marks the incidents of %v", name, b.UID, b.Annotations.List[0].Target.Domain)
		}
		leaf := panel(b, "Leaf").FieldConfig.Defaults.Mappings[0].Options.(map[string]gen.Shown)
		for state, colour := range map[string]string{"stuck": "red", "unknown": "#8e8e8e", "closed": "purple"} {
			if leaf[state].Colour != colour || leaf[state].Text == "" {
				t.Errorf("%s: %s is shown as %+v, want %s", name, state, leaf[state], colour)
			}
		}
		if doc := panel(b, "Leaf").Description; !strings.Contains(doc, "Fire door open") {
			t.Errorf("%s: the leaf does not say which rule judges it: %s", name, doc)
		}
		if doc := panel(b, "Hold open").Description; !strings.Contains(doc, "No rule judges it") {
			t.Errorf("%s: %s", name, doc)
		}
		variables := map[string]bool{}
		for _, v := range b.Templating.List {
			variables[v.Name] = true
			if q, ok := v.Query.(gen.VariableQuery); ok && !slices.Equal(q.Domain, []string{"firedoors"}) {
				t.Errorf("%s: %s offers what is of %v", name, v.Name, q.Domain)
			}
		}
		if !variables["building"] || !variables["asset"] || variables["influxdb"] != (name == "importable") {
			t.Errorf("%s: it has the variables %v", name, variables)
		}
	}
}

func panel(b *gen.Board, title string) (found *gen.Panel) {
	b.Each(func(p *gen.Panel) {
		if p.Title == title {
			found = p
		}
	})
	return found
}

func invented() plantroom.Domain {
	return plantroom.Domain{
		Name: "firedoors", Measurement: "firedoor", Title: plantroom.Text{En: "Fire doors", Zh: "防火门"}, Kinds: []string{"single"},
		Signals: []plantroom.Signal{
			{Name: "leaf", Kind: plantroom.StringKind, Values: []string{"closed", "open", "stuck", "unknown"}, Doc: "where the leaf is"},
			{Name: "closing_force", Kind: plantroom.FloatKind, Unit: "N.m", Min: 0, Max: 500, Doc: "torque at the closer"},
			{Name: "hold_open", Kind: plantroom.BoolKind, Doc: "the magnet holds it open"},
		},
		Rules: []plantroom.Rule{{ID: "firedoor.open", Title: plantroom.Text{En: "Fire door open"}, Doc: "It stands open.", Signals: []string{"leaf"}}},
	}
}
