package profiles

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// checker gathers what a schema cannot express.
type checker struct {
	doc     *yamldoc.Doc
	domains []plantroom.Domain
	faults  yamldoc.Faults
}

// fault notes what is wrong with a value that is readable.
func (c *checker) fault(path, problem, remedy string) {
	if c.doc.Sound(path) {
		c.faults = append(c.faults, c.doc.Fault(path, problem, remedy))
	}
}

// own refuses the id of a profile that is built in: two of one name would leave
// open which of them binds.
func (c *checker) own(f *file, included []plantroom.Profile) {
	if find(included, f.Profile) >= 0 {
		c.fault("/profile", fmt.Sprintf("the profile %q is built in", f.Profile), "choose another id, and name it in includes to build on it")
	}
}

// include adds what other profiles demand. Those are built in and include
// nothing themselves, so that no circle can come of it.
func (c *checker) include(p *plantroom.Profile, ids []string, included []plantroom.Profile) {
	for i, id := range ids {
		at := fmt.Sprintf("/includes/%d", i)
		n := find(included, id)
		switch {
		case n < 0:
			var all []string
			for _, b := range included {
				all = append(all, b.ID)
			}
			c.fault(at, fmt.Sprintf("no profile %q is built in", id), "use one of "+strings.Join(all, ", "))
		case slices.Contains(ids[:i], id):
			c.fault(at, fmt.Sprintf("%q stands here already", id), "name it once")
		default:
			p.Demands = append(p.Demands, included[n].Demands...)
			p.Duties = append(p.Duties, included[n].Duties...)
		}
	}
}

func (c *checker) window(i int, w *window) {
	at := fmt.Sprintf("/windows/%d", i)
	if w.Length <= 0 {
		c.fault(at+"/length", "a window of no length demands nothing", "give it a length, as in 30m")
	}
	if w.Calendar != "" && w.Severity == plantroom.Life {
		c.fault(at+"/calendar", "a window for danger to life does not wait for a calendar", "take the calendar away, or the severity")
	}
	if stops := w.Clock.Stops(); len(stops) > 0 && !slices.Contains(stops, w.Until) {
		c.fault(at+"/until", fmt.Sprintf("%s is not kept by %q", w.Clock, w.Until), "use "+list(stops))
	}
	if w.Clock == plantroom.Acknowledge && w.From == plantroom.FromAcknowledged {
		c.fault(at+"/from", "it would end with the event from which it runs", "use occurred, raised or dispatched")
	}
	if c.domains != nil {
		c.binds(at+"/binds", w)
	}
}

// binds checks that what a window speaks of exists: otherwise it would bind
// nothing.
func (c *checker) binds(at string, w *window) {
	var domains, rules, kinds, causes []string
	for _, d := range c.domains {
		domains = append(domains, string(d.Name))
		if slices.Contains(w.Binds.Domains, d.Name) {
			kinds = append(kinds, d.Kinds...)
			causes = slices.AppendSeq(causes, maps.Keys(d.Causes))
			for _, r := range d.Rules {
				rules = append(rules, string(r.ID))
			}
		}
	}
	known(c, at+"/domains", "domain", w.Binds.Domains, domains)
	known(c, at+"/rules", "rule of its domains", w.Binds.Rules, rules)
	known(c, at+"/kinds", "kind of asset in its domains", w.Binds.Kinds, kinds)
	slices.Sort(causes)
	known(c, at+"/causes", "cause in its domains", w.Binds.Causes, causes)
}

func known[T ~string](c *checker, at, what string, names []T, there []string) {
	for i, n := range names {
		if !slices.Contains(there, string(n)) {
			c.fault(fmt.Sprintf("%s/%d", at, i), fmt.Sprintf("there is no %s %q", what, n), "use one of "+list(there))
		}
	}
}

func list[T ~string](names []T) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = string(n)
	}
	return strings.Join(out, ", ")
}
