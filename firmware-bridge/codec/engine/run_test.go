package engine

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/codec"
)

const noon = plantroom.Instant(1772409600_250000000) // 2026-03-02T00:00:00.25Z

func program(t testing.TB, source string) *codec.Program {
	t.Helper()
	p, err := codec.Read("x.js", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// here is the engine with its limits.
var here = Here()

// patiently is here for codecs that do end: on a busy machine that takes longer
// than what a codec gets.
func patiently(p *codec.Program, c codec.Call) (json.RawMessage, error) {
	c.Time = 100 * codec.MaxTime
	return here(p, c)
}

// returned runs a codec on the bytes 01 02 of port 85.
func returned(t testing.TB, run codec.Runner, source string) (string, error) {
	t.Helper()
	raw, err := run(program(t, source), codec.Uplink(85, []byte{1, 2}, noon))
	return string(raw), err
}

func TestTheFormsInWhichCodecsArePublished(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"TS013", `function decodeUplink(i) { return {data: {n: i.bytes[1], p: i.fPort}, warnings: ["w"]} }`, `{"data":{"n":2,"p":85},"warnings":["w"]}`},
		{"an arrow function", `const decodeUplink = i => ({data: {n: i.bytes.length}})`, `{"data":{"n":2}}`},
		{"let", `let decodeUplink = function (i) { return {data: {}} }`, `{"data":{}}`},
		{"module.exports", `module.exports = {decodeUplink: i => ({data: {n: 1}})}`, `{"data":{"n":1}}`},
		{"exports", `exports.decodeUplink = i => ({data: {n: 1}})`, `{"data":{"n":1}}`},
		{"exports beside the function", `function decodeUplink(i) { return {data: {}} } if (typeof module !== "undefined") module.exports = decodeUplink`, `{"data":{}}`},
		{"ChirpStack v3", `function Decode(fPort, bytes, variables) { return {p: fPort, n: bytes[0], v: variables} }`, `{"data":{"p":85,"n":1,"v":{}}}`},
		{"The Things Network v2", `function Decoder(bytes, port) { return {p: port, n: bytes[0]} }`, `{"data":{"p":85,"n":1}}`},
		{"all three", `function Decoder() { return {n: 3} } function Decode() { return {n: 2} } function decodeUplink() { return {data: {n: 1}} }`, `{"data":{"n":1}}`},
		{"strict", `"use strict"; function decodeUplink(i) { const [a] = i.bytes; return {data: {a}} }`, `{"data":{"a":1}}`},
		{"sloppy", `function decodeUplink(i) { n = i.bytes[0]; with ({}) { m = 010 }; return {data: {n: n, m: m}} }`, `{"data":{"n":1,"m":8}}`},
		{"an own Buffer", `class Buffer {}; function decodeUplink() { return {data: {n: typeof Buffer.from}} }`, `{"data":{"n":"undefined"}}`},
		{"a polyfill of what exists", `Object.defineProperty(Object, "assign", {value: function () { return 1 }}); function decodeUplink() { return {data: {n: Object.assign({})}} }`, `{"data":{"n":1}}`},
		{"console", `function decodeUplink() { console.log("x", {}); return {data: {}} }`, `{"data":{}}`},
		{"require", `const {Buffer: B} = require("buffer"); function decodeUplink(i) { return {data: {n: B.from(i.bytes).readUInt16BE(0)}} }`, `{"data":{"n":258}}`},
		{"the time is a Date", `function decodeUplink(i) { return {data: {d: i.recvTime instanceof Date, t: i.recvTime.getTime()}} }`, `{"data":{"d":true,"t":1772409600250}}`},
		{"numbers that JSON has not", `function decodeUplink() { return {data: {a: NaN, b: Infinity, c: undefined}} }`, `{"data":{"a":null,"b":null}}`},
	} {
		if got, err := returned(t, patiently, c.source); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.name, got, err, c.want)
		}
	}
}

func TestAFaultySyntaxIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"function decodeUplink(input) {\n  return {data: };\n}", "x.js:2:17: SyntaxError"},
		{"import {x} from 'y'; function decodeUplink() {}", "x.js:1:"},
		{"}); (function () { function decodeUplink() {}", "x.js:1:"},
		{"decodeUplink" + strings.Repeat("(", 100_000), "x.js"},
	} {
		_, err := Compile(program(t, c.source))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: got %v, want %s", c.source, err, c.want)
		}
	}
}

// hostile is the inside of decodeUplink, and what the engine says of it.
var hostile = []struct{ name, body, want string }{
	{"an endless loop", `for (;;);`, "longer than " + codec.MaxTime.String()},
	{"an endless loop that catches", `for (;;) try { for (;;); } catch (e) {}`, "longer than " + codec.MaxTime.String()},
	{"an endless chain of getters", `const o = {get x() { return o.x }}; o.x`, "stack overflow"},
	{"a memory bomb of text", `'a'.repeat(1<<30)`, "invalid string length"},
	{"a memory bomb of doubling", `let s = 'x'; for (;;) s += s`, "string too long"},
	{"a memory bomb of objects", `const a = []; for (;;) a.push({a: 'x'.repeat(1000) + a.length})`, "more than 16 MiB"},
	{"a memory bomb that catches", `const a = []; try { for (;;) a.push('x'.repeat(1e6) + a.length) } catch (e) { for (;;); }`, "longer than " + codec.MaxTime.String()},
	{"a catastrophic regular expression", `/^(a+)+$/.test('a'.repeat(40) + 'b')`, "longer than " + codec.MaxTime.String()},
	{"deep recursion", `(function f() { return f() + 1 })()`, "stack overflow"},
	{"deep nesting", `let o = {}; for (let i = 0; i < 1e5; i++) o = {o}; return {data: o}`, "stack overflow"},
	{"a giant output", `return {data: {s: 'x'.repeat(1e6)}}`, "returned 1000017 bytes of JSON"},
	{"a circle", `const o = {}; o.o = o; return {data: o}`, "circular reference"},
	{"a toJSON without end", `return {data: {toJSON() { for (;;); }}}`, "longer than " + codec.MaxTime.String()},
	{"a getter without end", `return {get data() { for (;;); }}`, "longer than " + codec.MaxTime.String()},
	{"a getter that throws", `return {get data() { throw new Error('no') }}`, "threw Error: no"},
	{"a proxy without end", `return new Proxy({}, {ownKeys() { for (;;); }})`, "longer than " + codec.MaxTime.String()},
	{"a proxy with too many keys", `return new Proxy({}, {ownKeys() { return {length: 2**53 - 1} }})`, "out of memory"},
	{"a text that is thrown", `throw 'a tantrum'`, "threw a tantrum"},
	{"null that is thrown", `throw null`, "threw null"},
	{"a symbol that is thrown", `throw Symbol('x')`, "threw Symbol(x)"},
	{"an error that cannot be shown", `throw {toString() { throw 1 }}`, "something that cannot be shown"},
	{"an error that is shown without end", `throw {toString() { for (;;); }}`, "longer than " + codec.MaxTime.String()},
	{"an error as long as a book", `throw new Error('x'.repeat(1e6))`, "threw Error: xxxx"},
	{"a stolen stringify", `JSON.stringify = () => 'x'; JSON.parse = null; return {data: {get a() { throw 1 }}}`, "threw 1"},
	{"nothing", `return`, "nothing was returned"},
	{"a function", `return () => 1`, "nothing was returned"},
	{"a big integer", `return {data: {n: 1n}}`, "threw TypeError"},
	{"eval of the same", `eval('for (;;);')`, "longer than " + codec.MaxTime.String()},
	{"a look around", `return {data: {n: typeof std + typeof os + typeof process + typeof setTimeout + typeof fetch}}`, ""},
}

func TestHostileCodecsAreStoppedByTheEngine(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			got, err := returned(t, here, "function decodeUplink() { "+c.body+" }")
			if c.want == "" {
				if want := `{"data":{"n":"` + strings.Repeat("undefined", 5) + `"}}`; err != nil || got != want {
					t.Errorf("got %s, %v", got, err)
				}
				return
			}
			if plantroom.CodeOf(err) != plantroom.CodeInvalid {
				t.Fatalf("got %.200s, %v", got, err)
			}
			// On a busy machine the time may be over before the memory is.
			meets := func(limit string) bool { return strings.Contains(err.Error(), limit) }
			if !meets(c.want) && !meets("longer than "+codec.MaxTime.String()) && !(c.want == "out of memory" && meets("16 MiB")) {
				t.Errorf("got %v; want an error that says %q", err, c.want)
			}
			if len(err.Error()) > 300 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestATopOfTheFileThatNeverEndsIsStopped(t *testing.T) {
	if _, err := returned(t, here, "for (;;); function decodeUplink() {}"); err == nil || !strings.Contains(err.Error(), "longer than "+codec.MaxTime.String()) {
		t.Errorf("got %v", err)
	}
	if _, err := returned(t, patiently, "throw new Error('no'); function decodeUplink() {}"); err == nil || !strings.Contains(err.Error(), "Error: no") {
		t.Errorf("got %v", err)
	}
}

// A message that does its worst to the language and to the file's own state,
// and one of another device after it.
func TestNothingThatOneMessageDoesReachesAnother(t *testing.T) {
	p := program(t, `
		var calls = 0; let seen = []; const table = {scale: 1};
		function decodeUplink(input) {
			calls++; seen.push(input.bytes[0]);
			const data = {calls, seen: seen.length, n: Math.max(1, input.bytes[0]) * table.scale, list: [3, 1, 2].map(x => x), hex: Buffer.from(input.bytes).toString('hex')};
			if (input.bytes[0] === 0xee) {
				Array.prototype.map = Math.max = parseInt = () => 666;
				Object.prototype.toJSON = () => 'tampered';
				Object.defineProperty(Object.prototype, 'scale', {get: () => 666, set() {}});
				table.scale = 1000; Buffer.from = () => 'tampered'; JSON.stringify = () => '{}';
				globalThis.decodeUplink = () => ({data: {n: 666}});
				Function.prototype.call = null; Uint8Array.prototype.toString = null;
			}
			return {data};
		}`)
	honest := codec.Uplink(1, []byte{7}, noon)
	before, err := patiently(p, honest)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, _ = patiently(p, codec.Uplink(1, []byte{0xee}, noon)) // what it says of itself is its own affair
		after, err := patiently(p, honest)
		if err != nil || string(after) != string(before) {
			t.Fatalf("after a message that tampers: %s, %v; before: %s", after, err, before)
		}
	}
	if want := `{"data":{"calls":1,"seen":1,"n":7,"list":[3,1,2],"hex":"07"}}`; string(before) != want {
		t.Errorf("got %s, want %s", before, want)
	}
}

func TestBufferDoesWhatDecodersUse(t *testing.T) {
	for expression, want := range map[string]string{
		`Buffer.from(i.bytes).length`:                                                                                    `2`,
		`Buffer.from([0xff, 0xfe, 3, 4]).readUInt16LE(0)`:                                                                `65279`,
		`Buffer.from([0xff, 0xfe, 3, 4]).readUInt16BE()`:                                                                 `65534`,
		`Buffer.from([0xff, 0xfe, 3, 4]).readInt16BE(0)`:                                                                 `-2`,
		`Buffer.from([0xff]).readInt8(0)`:                                                                                `-1`,
		`Buffer.from([0xff]).readUint8(0)`:                                                                               `255`,
		`Buffer.from([1, 2, 3, 0xff]).readUInt32LE(0)`:                                                                   `4278387201`,
		`Buffer.from([1, 2, 3, 0xff]).readInt32LE(0)`:                                                                    `-16580095`,
		`Buffer.from([0xff, 2, 3, 4]).readUInt32BE(0)`:                                                                   `4278321924`,
		`Buffer.from([0x41, 0x48, 0, 0]).readFloatBE(0)`:                                                                 `12.5`,
		`Buffer.from([0, 0, 0x48, 0x41]).readFloatLE(0)`:                                                                 `12.5`,
		`Buffer.from([0, 0, 0, 0, 0, 0, 0x29, 0x40]).readDoubleLE(0)`:                                                    `12.5`,
		`Number(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]).readBigUInt64LE(0))`:                                               `1`,
		`Buffer.from([1, 2, 3]).readUIntBE(0, 3)`:                                                                        `66051`,
		`Buffer.from([1, 2, 0xff]).readIntLE(0, 3)`:                                                                      `-65023`,
		`Buffer.from([1, 2, 3, 4]).slice(1, 3).readUInt16BE(0)`:                                                          `515`,
		`Buffer.from([1, 2, 3, 4]).subarray(-2).toString('hex')`:                                                         `"0304"`,
		`Buffer.from('00ffA5', 'hex').toString('hex')`:                                                                   `"00ffa5"`,
		`Buffer.from('00fz', 'hex').length`:                                                                              `1`,
		`Buffer.from('AQID/w==', 'base64').toString('base64')`:                                                           `"AQID/w=="`,
		`Buffer.from('grüß 🔧').toString()`:                                                                               `"grüß 🔧"`,
		`Buffer.from([0xe4, 0x61]).toString('utf8')`:                                                                     `"�a"`,
		`Buffer.from([0x41, 0xe4]).toString('latin1')`:                                                                   `"Aä"`,
		`Buffer.alloc(2, 7).equals(Buffer.concat([Buffer.from([7]), [7]]))`:                                              `true`,
		`Buffer.isBuffer(Buffer.alloc(1)) && !Buffer.isBuffer([])`:                                                       `true`,
		`(() => { const b = Buffer.alloc(4); b.writeUInt16BE(258, 1); b.writeInt8(-1, 0); return b.toString('hex') })()`: `"ff010200"`,
		`Buffer.from([1, 2])`:                                                                                            `{"type":"Buffer","data":[1,2]}`,
	} {
		got, err := returned(t, patiently, "function decodeUplink(i) { return {data: {x: "+expression+"}} }")
		if err != nil || got != `{"data":{"x":`+want+`}}` {
			t.Errorf("%s: got %s, %v; want %s", expression, got, err, want)
		}
	}
	for _, expression := range []string{`Buffer.from([1]).readUInt16LE(0)`, `Buffer.from([1]).readUInt8(-1)`, `Buffer.from([1]).readUInt8(1.5)`} {
		if got, err := returned(t, patiently, "function decodeUplink(i) { return {data: {x: "+expression+"}} }"); err == nil || !strings.Contains(err.Error(), "RangeError") {
			t.Errorf("%s: got %s, %v; want a RangeError", expression, got, err)
		}
	}
}

// The frame and the size of the code are those of a usual sensor.
const usual = `
function decodeUplink(input) {
  var d = {}, b = input.bytes;
  for (var i = 0; i < b.length;) {
    var channel = b[i++], type = b[i++];
    if (channel === 1 && type === 0x75) d.battery = b[i++];
    else if (channel === 3 && type === 0x67) { d.temperature = ((b[i] | b[i + 1] << 8) << 16 >> 16) / 10; i += 2; }
    else if (channel === 4 && type === 0x68) d.humidity = b[i++] / 2;
    else if (channel === 5 && type === 0) d.leak = b[i++] === 0 ? "normal" : "leak";
    else break;
  }
  return {data: d};
}`

func FuzzDecode(f *testing.F) {
	c := codec.New(program(f, usual), nil, here)
	f.Add(uint8(85), []byte{1, 0x75, 92, 5, 0, 1})
	f.Add(uint8(0), []byte{3})
	f.Fuzz(func(t *testing.T, port uint8, data []byte) {
		if _, err := c.Decode(noon, noon, port, data[:min(len(data), 242)]); err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatal(err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	frame, _ := hex.DecodeString("01755C03673401046865050000")
	low, high := 0.0, 100.0
	m := codec.Mapping{"leak": {To: "state", Values: map[string]plantroom.Value{"normal": plantroom.String("dry"), "leak": plantroom.String("wet")}},
		"battery": {To: "battery_pct", Min: &low, Max: &high}}
	c := codec.New(program(b, usual), m, here)
	b.ReportAllocs()
	for b.Loop() {
		if s, err := c.Decode(noon, noon, 85, frame); err != nil || len(s) != 2 {
			b.Fatal(s, err)
		}
	}
}
