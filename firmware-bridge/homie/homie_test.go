package homie_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"plantroom"
	"plantroom/firmware-bridge/homie"
)

const start = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z

// said is a message; its topic is below homie/. A retained one is marked by a
// payload that begins with ~.
type said struct{ topic, payload string }

func hear(t testing.TB, d plantroom.Decoder, m said) ([]plantroom.Sample, error) {
	t.Helper()
	payload, retained := strings.CutPrefix(m.payload, "~")
	return d.Decode(plantroom.Message{Topic: "homie/" + m.topic, Payload: []byte(payload), Retained: retained, Received: start})
}

func must(t testing.TB, d plantroom.Decoder, topic, payload string) string {
	t.Helper()
	got, err := hear(t, d, said{topic, payload})
	if err != nil {
		t.Fatal(err)
	}
	return show(got)
}

func show(samples []plantroom.Sample) string {
	var out []string
	for _, s := range samples {
		text := s.Address + " " + s.Signal + "=" + s.Value.String()
		if s.Quality != plantroom.Good {
			text += " " + s.Quality.String()
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// described is a description with one property node.p.
func described(property string) string {
	return `{"homie":"5.0","version":1,"nodes":{"node":{"name":"Node","properties":{"p":` + property + `}}}}`
}

var values = []struct {
	name, property, payload, want, err string
}{
	{"an integer", `{"datatype":"integer"}`, "-42", "dev.node p=-42", ""},
	{"an integer with a plus", `{"datatype":"integer"}`, "+42", "", "not of the data type integer"},
	{"an integer with a space", `{"datatype":"integer"}`, " 42", "", "not of the data type integer"},
	{"an integer with a point", `{"datatype":"integer"}`, "4.0", "", "not of the data type integer"},
	{"an integer beyond 64 bits", `{"datatype":"integer"}`, "9223372036854775808", "", "not of the data type integer"},
	{"a minus", `{"datatype":"integer"}`, "-", "", "not of the data type integer"},
	{"a float", `{"datatype":"float","unit":"m","format":"0:5"}`, "0.825", "dev.node p=0.825", ""},
	{"a float with an exponent", `{"datatype":"float"}`, "1.5e3", "dev.node p=1500", ""},
	{"a float that is no number", `{"datatype":"float"}`, "NaN", "", "not of the data type float"},
	{"a float without end", `{"datatype":"float"}`, "inf", "", "not of the data type float"},
	{"a float beyond a double", `{"datatype":"float"}`, "1e999", "", "not of the data type float"},
	{"a hexadecimal float", `{"datatype":"float"}`, "0x1p3", "", "not of the data type float"},
	{"a float with an underscore", `{"datatype":"float"}`, "1_0", "", "not of the data type float"},
	{"a value beyond its range is for others to judge", `{"datatype":"float","format":"0:5"}`, "7", "dev.node p=7", ""},
	{"true", `{"datatype":"boolean","format":"dry,wet"}`, "true", "dev.node p=true", ""},
	{"false", `{"datatype":"boolean"}`, "false", "dev.node p=false", ""},
	{"TRUE", `{"datatype":"boolean"}`, "TRUE", "", "not of the data type boolean"},
	{"an enum", `{"datatype":"enum","format":"open,closed"}`, "closed", "dev.node p=closed", ""},
	{"an enum with another value", `{"datatype":"enum","format":"open,closed"}`, "Closed", "", "not one of"},
	{"an enum without format", `{"datatype":"enum"}`, "x", "dev.node p=x", ""},
	{"a string", `{"datatype":"string"}`, "门 1", "dev.node p=门 1", ""},
	{"an empty string is a zero byte", `{"datatype":"string"}`, "\x00", "dev.node p=", ""},
	{"an empty string for a number", `{"datatype":"integer"}`, "\x00", "", "not of the data type integer"},
	{"a string that is too long", `{"datatype":"string"}`, strings.Repeat("x", 129), "", "129 bytes"},
	{"a string that is not UTF-8", `{"datatype":"string"}`, "\xff", "", "in UTF-8"},
	{"a color is not used", `{"datatype":"color","format":"rgb"}`, "rgb,1,2,3", "", ""},
	{"a date is not used", `{"datatype":"datetime"}`, "2026-03-02T00:00:00Z", "", ""},
	{"a deleted value", `{"datatype":"integer"}`, "", "", ""},
	{"a retained value has an estimated time", `{"datatype":"integer"}`, "~1", "dev.node p=1 estimated_time", ""},
	{"unknown keys are skipped", `{"datatype":"integer","x":{"y":[1,{"z":2}]},"settable":true}`, "1", "dev.node p=1", ""},
}

func TestEachValueIsReadByItsDescription(t *testing.T) {
	for _, c := range values {
		t.Run(c.name, func(t *testing.T) {
			d := homie.New("")
			must(t, d, "5/dev/$description", described(c.property))
			got, err := hear(t, d, said{"5/dev/node/p", c.payload})
			if c.err == "" && err != nil || c.err != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), "homie dev")) {
				t.Fatalf("error %v, want one that says %q and names dev", err, c.err)
			}
			if show(got) != c.want {
				t.Errorf("got %q, want %q", show(got), c.want)
			}
			early := homie.New("") // the same value before its description
			_, _ = hear(t, early, said{"5/dev/node/p", c.payload})
			got, _ = hear(t, early, said{"5/dev/$description", described(c.property)})
			if show(got) != c.want {
				t.Errorf("before its description: got %q, want %q", show(got), c.want)
			}
		})
	}
}

// odd are messages after a description of dev with the node "node" and its
// integer p.
var odd = []struct{ name, topic, payload, want, err string }{
	{"a state of no convention", "5/dev/$state", "happy", "", `$state "happy"`},
	{"alert is no state of version 5", "5/dev/$state", "alert", "", `$state "alert"`},
	{"init says nothing", "5/dev/$state", "init", "", ""},
	{"ready", "5/dev/$state", "ready", "dev.node online=true", ""},
	{"sleeping", "5/dev/$state", "sleeping", "dev.node online=true", ""},
	{"disconnected", "5/dev/$state", "disconnected", "dev.node online=false", ""},
	{"lost", "5/dev/$state", "lost", "dev.node online=false", ""},
	{"lost, as it was found", "5/dev/$state", "~lost", "dev.node online=false estimated_time", ""},
	{"taken away", "5/dev/$state", "", "dev.node online=false", ""},
	{"taken away, and never known", "5/other/$state", "", "", ""},
	{"a description that is not JSON", "5/dev/$description", "{", "", "$description"},
	{"a description that is a list", "5/dev/$description", "[]", "", "$description"},
	{"a description with a node that is no id", "5/dev/$description", `{"nodes":{"Node":{}}}`, "", `node "Node"`},
	{"a description with a node that is a text", "5/dev/$description", `{"nodes":{"a":"b"}}`, "", `node "a"`},
	{"a description that is a text", "5/dev/$description", `"nodes"`, "", "not a JSON object"},
	{"a description with nodes that are a list", "5/dev/$description", `{"nodes":[1,2]}`, "", ""},
	{"a property without a data type", "5/dev/$description", described("{}"), "", "node.p has no id or no datatype"},
	{"a property that is a number", "5/dev/$description", described("7"), "", "node.p has no id or no datatype"},
	{"a property that no description has", "5/dev/node/q", "1", "", ""},
	{"a target", "5/dev/node/p/$target", "1", "", ""},
	{"a command", "5/dev/node/p/set", "1", "", ""},
	{"a log", "5/dev/$log/warn", "hot", "", ""},
	{"an alert", "5/dev/$alert/battery", "low", "", ""},
	{"a broadcast", "5/$broadcast/alert", "x", "", ""},
	{"a device that is no id", "5/Dev/$state", "ready", "", ""},
	{"an id that begins with a hyphen", "5/-dev/$state", "ready", "", ""},
	{"a device alone", "5/dev", "x", "", ""},
	{"too large a payload", "5/dev/$description", strings.Repeat(" ", 64<<10+1), "", "at most 65536"},
	{"version 4: a state of no convention", "dev/$state", "happy", "", `$state "happy"`},
	{"version 4: statistics", "dev/$stats/uptime", "7", "", ""},
	{"version 4: its name", "dev/$name", "Pumps", "", ""},
	{"version 4: nodes that are no ids", "dev/$nodes", "a,B", "", `$nodes: "B"`},
	{"version 4: a format that is too long", "dev/node/p/$format", strings.Repeat("a,", 600), "", "$format of 1200 bytes"},
	{"version 4: a command", "dev/node/p/set", "1", "", ""},
}

func TestOddAndMalformedMessages(t *testing.T) {
	for _, c := range odd {
		t.Run(c.name, func(t *testing.T) {
			d := homie.New("")
			must(t, d, "5/dev/$description", described(`{"datatype":"integer"}`))
			got, err := hear(t, d, said{c.topic, c.payload})
			if c.err == "" && err != nil || c.err != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err)) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			if show(got) != c.want {
				t.Errorf("got %q, want %q", show(got), c.want)
			}
		})
	}
}

func TestADeviceOfVersion5FromAnnouncementToLoss(t *testing.T) {
	d := homie.New("")
	for _, m := range []struct{ topic, payload, want string }{
		{"5/b1-pumps/$state", "init", ""},
		{"5/b1-pumps/sump/level", "~0.8", ""}, // before the description, as brokers repeat in any order
		{"5/b1-pumps/$description", `{"homie":"5.0","version":7,"nodes":{"sump":{"properties":{"level":{"datatype":"float","unit":"m"}}},
			"rope":{"type":"leak","properties":{"wet":{"datatype":"boolean"},"battery":{"datatype":"integer","unit":"%"}}}}}`,
			"b1-pumps.sump level=0.8 estimated_time"},
		{"5/b1-pumps/$state", "ready", "b1-pumps.rope online=true; b1-pumps.sump online=true"},
		{"5/b1-pumps/rope/wet", "true", "b1-pumps.rope wet=true"},
		{"5/b1-pumps/rope/battery", "88", "b1-pumps.rope battery=88"},
		{"5/b1-pumps/$state", "lost", "b1-pumps.rope online=false; b1-pumps.sump online=false"},
	} {
		if got := must(t, d, m.topic, m.payload); got != m.want {
			t.Errorf("%s %s: %q, want %q", m.topic, m.payload, got, m.want)
		}
	}
}

func TestAChildIsLostWithItsRoot(t *testing.T) {
	d := homie.New("")
	const child = `{"homie":"5.0","version":1,"root":"bridge","parent":"relay","nodes":{"n":{}}}`
	for _, m := range []struct{ topic, payload, want string }{
		{"5/light/$state", "ready", ""},
		{"5/light/$description", child, "light.n online=true"},
		{"5/bridge/$state", "~ready", "light.n online=true estimated_time"},
		{"5/bridge/$description", `{"homie":"5.0","version":1,"children":["relay"]}`, "bridge online=true"},
		{"5/bridge/$state", "lost", "bridge online=false; light.n online=false"},
		{"5/light/$state", "ready", "light.n online=false"}, // its root is still lost
		{"5/bridge/$state", "init", "light.n online=true"},
		{"5/bridge/$state", "ready", "bridge online=true; light.n online=true"},
		{"5/light/$state", "sleeping", "light.n online=true"},
		{"bridge/$state", "lost", ""}, // another device, of version 4
	} {
		if got := must(t, d, m.topic, m.payload); got != m.want {
			t.Errorf("%s %s: %q, want %q", m.topic, m.payload, got, m.want)
		}
	}
}

func TestADeviceOfVersion4InWhateverOrderItsTopicsCome(t *testing.T) {
	messages := []said{
		{"b1-pumps/$homie", "~4.0.0"}, {"b1-pumps/$state", "~alert"}, {"b1-pumps/$nodes", "~rope,sump"},
		{"b1-pumps/rope/$properties", "~wet"}, {"b1-pumps/rope/wet/$datatype", "~boolean"}, {"b1-pumps/rope/wet", "~false"},
		{"b1-pumps/sump/mode/$format", "~auto,manual"}, {"b1-pumps/sump/mode/$datatype", "~enum"}, {"b1-pumps/sump/mode", "~auto"},
	}
	for shift := range messages {
		d := homie.New("")
		last := map[string]string{}
		for i := range messages {
			got, err := hear(t, d, messages[(i+shift)%len(messages)])
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range got {
				last[s.Address+" "+s.Signal] = s.Value.String()
			}
		}
		want := map[string]string{"b1-pumps.rope online": "true", "b1-pumps.sump online": "true", "b1-pumps.rope wet": "false", "b1-pumps.sump mode": "auto"}
		if !reflect.DeepEqual(last, want) {
			t.Errorf("from message %d on: %v, want %v", shift, last, want)
		}
	}
}

func TestADomainOfItsOwn(t *testing.T) {
	if got := homie.Topics("site/"); !reflect.DeepEqual(got, []string{"site/+/+", "site/+/+/+", "site/+/+/+/+"}) {
		t.Errorf("topics %q", got)
	}
	d := homie.New("site")
	for _, m := range []said{{"5/dev/$description", described(`{"datatype":"integer"}`)}, {"5/dev/node/p", "1"}} {
		got, err := d.Decode(plantroom.Message{Topic: "site/" + m.topic, Payload: []byte(m.payload), Received: start})
		if err != nil || m.payload == "1" && show(got) != "dev.node p=1" {
			t.Errorf("%s: %s, %v", m.topic, show(got), err)
		}
	}
}

func TestStrangersCannotFillTheMemory(t *testing.T) {
	refused := func(n int, topic, payload func(int) string) (count int) {
		d := homie.New("")
		for i := range n {
			if _, err := hear(t, d, said{topic(i), payload(i)}); err != nil {
				count++
			}
		}
		return count
	}
	always := func(s string) func(int) string { return func(int) string { return s } }
	for _, c := range []struct {
		what           string
		n, want        int
		topic, payload func(int) string
	}{
		{"devices", 2100, 100, func(i int) string { return fmt.Sprintf("5/d%d/$state", i) }, always("ready")},
		{"waiting values of a device", 70, 6, func(i int) string { return fmt.Sprintf("5/d/n/p%d", i) }, always("1")},
		{"waiting values", 4200, 104, func(i int) string { return fmt.Sprintf("5/d%d/n/p%d", i%100, i) }, always("1")},
		{"properties", 20100, 100, func(i int) string { return fmt.Sprintf("d%d/n/p%d/$datatype", i%100, i) }, always("integer")},
	} {
		if got := refused(c.n, c.topic, c.payload); got != c.want {
			t.Errorf("%s: %d of %d refused, want %d", c.what, got, c.n, c.want)
		}
	}
	d := homie.New("") // what is taken away makes room
	for range 3 {
		for i := range 64 {
			must(t, d, fmt.Sprintf("5/d/n/p%d", i), "1")
		}
		must(t, d, "5/d/$state", "")
	}
}

func TestALargePayloadTakesLessThanAMebibyte(t *testing.T) {
	fill := func(head, each, tail string) string {
		var b bytes.Buffer
		b.WriteString(head)
		for i := 0; b.Len() < 64<<10-100; i++ {
			fmt.Fprintf(&b, each, i)
		}
		b.WriteString(tail)
		return b.String()
	}
	for name, payload := range map[string]string{
		"many nodes":      fill(`{"nodes":{`, `"%d":{},`, `"z":{}}}`),
		"many properties": fill(`{"nodes":{"n":{"properties":{`, `"%d":{"datatype":"integer"},`, `"z":{}}}}}`),
		"small ones":      fill(`{"nodes":{"n":{"properties":{`, `"%d":1,`, `"z":{}}}}}`),
		"many keys":       fill(`{`, `"%d":1,`, `"nodes":{}}`),
		"deep":            `{"nodes":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
	} {
		d := homie.New("")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = hear(t, d, said{"5/dev/$description", payload})
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s, %d bytes, take %d bytes", name, len(payload), used)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range values {
		f.Add("5/dev/$description", described(c.property), "5/dev/node/p", c.payload)
	}
	for _, c := range odd {
		f.Add(c.topic, c.payload, "5/dev/node/p", "1")
	}
	f.Add("dev/n/p/$datatype", "float", "dev/n/p", "1")
	f.Fuzz(func(t *testing.T, topic1, payload1, topic2, payload2 string) {
		d := homie.New("")
		var samples []plantroom.Sample
		for _, m := range []said{{topic1, payload1}, {topic2, payload2}, {"5/dev/$state", "ready"}, {topic1, payload1}, {"5/dev/$state", ""}} {
			got, err := hear(t, d, m)
			if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
				t.Fatal(err)
			}
			samples = append(samples, got...)
		}
		if len(samples) > 5*130 {
			t.Fatalf("%d samples", len(samples))
		}
		for _, s := range samples {
			if s.Address == "" || strings.Trim(s.Address, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || s.Signal == "" || s.At.IsZero() || s.Value.Kind() == plantroom.NoValue {
				t.Fatalf("%+v", s)
			}
			if v := s.Value.Num(); math.IsNaN(v) || math.IsInf(v, 0) || len(s.Value.Str()) > 128 || !utf8.ValidString(s.Value.Str()) {
				t.Fatalf("%+v", s)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	d := homie.New("")
	must(b, d, "5/dev/$description", described(`{"datatype":"float"}`))
	m := plantroom.Message{Topic: "homie/5/dev/node/p", Payload: []byte("0.825"), Received: start}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Decode(m); err != nil {
			b.Fatal(err)
		}
	}
}
