package gen

// Shade is one entry of the legend: what a colour means, always with its word.
type Shade struct {
	State  string // as Plantroom's API says it
	Text   string
	Colour string // Grafana's name, which follows light and dark, or #rrggbb
}

// The colours of the legend.
const (
	green  = "green"
	blue   = "blue"
	yellow = "yellow"
	orange = "orange"
	red    = "red"

	darkRed = "dark-red"    // of severities: life
	none    = "transparent" // of counts: zero
	grey    = "#8e8e8e"     // the palette has none; it reads on light and dark
)

// Legend lists the states of an asset, the least grave first, and unknown. No
// data is never green.
func Legend() []Shade {
	return []Shade{
		{"ok", "OK", green},
		{"maintenance", "Maintenance", blue},
		{"warning", "Warning", yellow},
		{"degraded", "Degraded", orange},
		{"fault", "Fault", red},
		{"unknown", "Unknown", grey},
	}
}

// plain are the colours of what is neither good nor bad: which way a car goes,
// whether a bay is taken. Shades of one colour that the legend does not use.
var plain = []string{"purple", "light-purple", "semi-dark-purple", "super-light-purple", "dark-purple"}

// Colours lists every colour that a board may use.
func Colours() []string {
	all := append([]string{darkRed, none}, plain...)
	for _, s := range Legend() {
		all = append(all, s.Colour)
	}
	return all
}

// legendText is the legend in a sentence, for the text on each board.
const legendText = "**Green** OK · **blue** maintenance (planned works, or somebody is on it) · **yellow** warning (low) · " +
	"**orange** degraded (medium) · **red** fault or breach (high, life) · **grey** unknown: not heard, so not known to be well · " +
	"**purple** neither good nor bad. Of a window: green below half, yellow from 50 %, orange from 80 %, red once it is used up."

func colourOf(state string) string {
	for _, s := range Legend() {
		if s.State == state {
			return s.Colour
		}
	}
	return grey
}

// windowSteps are the marks of a window, as a part of it: where Plantroom
// itself tells somebody (plantroom.Marks).
func windowSteps() *Thresholds {
	return steps(green, at(0.5, yellow), at(0.8, orange), at(1, red))
}

// shareSteps judge a share that should be whole.
func shareSteps() *Thresholds {
	return steps(red, at(0.8, orange), at(0.9, yellow), at(0.95, green))
}

// breachSteps judge a share that should be nothing.
func breachSteps() *Thresholds {
	return steps(green, at(0.05, yellow), at(0.1, orange), at(0.2, red))
}

func at(value float64, colour string) Step { return Step{Colour: colour, Value: &value} }

func steps(base string, more ...Step) *Thresholds {
	return &Thresholds{Mode: "absolute", Steps: append([]Step{{Colour: base}}, more...)}
}

// noData says in grey that a value is not there.
func noData() Mapping { return absent("Unknown") }

// absent is the same in other words.
func absent(word string) Mapping {
	return Mapping{Type: "special", Options: map[string]any{"match": "null+nan", "result": Shown{Text: word, Colour: grey}}}
}

// stateMappings give the states of an asset their word and colour.
func stateMappings() []Mapping {
	values := map[string]Shown{}
	for i, s := range Legend() {
		values[s.State] = Shown{Text: s.Text, Colour: s.Colour, Index: i}
	}
	return []Mapping{{Type: "value", Options: values}, noData()}
}
