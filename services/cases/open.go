package cases

import (
	"slices"
	"strings"
	"unicode/utf8"

	"plantroom"
)

// Opening is what somebody says who opens a case.
type Opening struct {
	Playbook    string
	Key         string // one key opens one case, however often it is sent; "": none
	Zones       []plantroom.ZoneID
	Asset       plantroom.AssetID
	Order       plantroom.OrderID
	Contact     string // who it came from and how they are reached; may be empty
	Text        string // what it is about
	By          plantroom.PersonID
	Responsible plantroom.PersonID // "": nobody yet; the managers are told
	Actor       string
}

// Open keeps a new case and calls whoever is responsible. The same key again
// returns what it opened, and CodeConflict where that was something else.
// CodeInvalid: something is missing or not of this estate; CodeTooLarge: a text is.
func (d *Desk) Open(tx plantroom.Tx, now plantroom.Instant, o Opening) (plantroom.Case, error) {
	o.Contact, o.Text = strings.TrimSpace(o.Contact), strings.TrimSpace(o.Text)
	if len(o.Zones) == 0 {
		o.Zones = nil // as it is read again: the commitment has to be the same
	}
	if o.Key != "" {
		old, err := tx.CaseOfKey(o.Key)
		switch {
		case err == nil && sameOpening(&old, &o):
			return old, nil
		case err == nil:
			return plantroom.Case{}, plantroom.Errorf(plantroom.CodeConflict, "the key %.80q has opened %s, which says something else: use another key", o.Key, old.ID)
		case plantroom.CodeOf(err) != plantroom.CodeNotFound:
			return plantroom.Case{}, err
		}
	}
	if err := d.checkOpening(tx, &o); err != nil {
		return plantroom.Case{}, err
	}
	id, err := tx.NextCaseID()
	if err != nil {
		return plantroom.Case{}, err
	}
	dec := d.decide(now, plantroom.Case{ID: id, State: plantroom.CaseOpen, Key: o.Key, Zones: o.Zones, Asset: o.Asset, Order: o.Order, Contact: o.Contact,
		Text: o.Text, Opened: now, Actor: o.Actor, By: o.By, Responsible: o.Responsible, Salt: d.salt()})
	dec.open(d.playbook(o.Playbook))
	return dec.write(tx)
}

// open begins a new case.
func (d *decision) open(p *plantroom.CasePlaybook) {
	c := &d.c
	d.begin(p)
	d.row("case.opened", c.Actor, entry{Kind: c.Kind, Playbook: c.Playbook, Asset: c.Asset, Order: c.Order, By: c.By, Responsible: c.Responsible,
		Due: c.Deadline.At, Sum: d.sum(sealOpening(c)), Called: d.tellOwner("case.opened")})
}

// begin gives the case a round by a playbook.
func (d *decision) begin(p *plantroom.CasePlaybook) {
	c := &d.c
	c.Playbook, c.Kind, c.Class, c.Title, c.Always, c.Keep = p.ID, p.Kind, p.Class, p.Title, p.Always, p.Keep
	c.Private = c.Private || p.Private
	c.Never, c.Outcomes = p.Never, p.Outcomes
	c.Begun, c.Deadline, c.Tasks = d.now, d.desk.dueOf(d.now, p.Within, p.Always), make([]plantroom.CaseTask, 0, len(p.Steps))
	for i := range p.Steps {
		s := &p.Steps[i]
		c.Tasks = append(c.Tasks, plantroom.CaseTask{ID: s.ID, Title: s.Title, Role: s.Role, Proof: s.Proof, Always: s.Always, After: s.After, Wait: s.Wait, Within: s.Within})
	}
	d.startAfter("")
}

// startAfter lets the time of the steps run that wait for one, or for none.
func (d *decision) startAfter(step string) {
	for i := range d.c.Tasks {
		if t := &d.c.Tasks[i]; t.After == step && t.Done.IsZero() {
			t.From = d.desk.count(d.now, t.Wait, true)
			t.Due = d.desk.dueOf(t.From, t.Within, t.Always)
		}
	}
}

func (d *Desk) checkOpening(tx plantroom.Tx, o *Opening) error {
	invalid := func(format string, args ...any) error {
		return plantroom.Errorf(plantroom.CodeInvalid, "open a case: "+format, args...)
	}
	if o.Key != "" {
		if err := plantroom.ValidID(o.Key); err != nil {
			return invalid("key: %w", err)
		}
	}
	if d.playbook(o.Playbook) == nil {
		return invalid("there is no playbook %.80q: use one of %s", o.Playbook, d.names())
	}
	if err := d.checkStaff(o.By); err != nil {
		return err
	}
	if o.Responsible != "" {
		if err := d.checkStaff(o.Responsible); err != nil {
			return err
		}
	}
	switch {
	case o.Text == "":
		return invalid("say what it is about")
	case !fits(o.Text, MaxText) || !fits(o.Contact, MaxShort):
		return tooLong()
	case len(o.Zones) > MaxZones:
		return invalid("it can be about %d flats or places at most", MaxZones)
	}
	for i, z := range o.Zones {
		if !slices.ContainsFunc(d.estate.Zones, func(have plantroom.Zone) bool { return have.ID == z }) {
			return invalid("the estate has no flat or place %.80q", z)
		}
		if slices.Contains(o.Zones[:i], z) {
			return invalid("%s is named twice", z)
		}
	}
	if o.Asset != "" && !slices.ContainsFunc(d.estate.Assets, func(a plantroom.Asset) bool { return a.ID == o.Asset }) {
		return invalid("the estate has no asset %.80q", o.Asset)
	}
	if o.Order != "" {
		if _, err := tx.Order(o.Order); plantroom.CodeOf(err) == plantroom.CodeNotFound {
			return invalid("there is no order %.80q", o.Order)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// checkStaff says that somebody is not of the staff, and who is.
func (d *Desk) checkStaff(id plantroom.PersonID) error {
	if d.staff(id) != nil {
		return nil
	}
	var names []string
	for _, p := range d.estate.People {
		if ranks[p.Role] > 0 && len(names) < 20 {
			names = append(names, string(p.ID))
		}
	}
	return plantroom.Errorf(plantroom.CodeInvalid, "%.80q is nobody of the staff: name one of %s", id, strings.Join(names, ", "))
}

func (d *Desk) names() string {
	names := make([]string, len(d.playbooks))
	for i := range d.playbooks {
		names[i] = d.playbooks[i].ID
	}
	return strings.Join(names, ", ")
}

// sameOpening reports whether a case says what somebody wants to open. Its
// playbook and who is responsible may have changed since.
func sameOpening(c *plantroom.Case, o *Opening) bool {
	return slices.Equal(c.Zones, o.Zones) && c.Asset == o.Asset && c.Order == o.Order && c.Contact == o.Contact && c.Text == o.Text && c.By == o.By
}

func fits(s string, most int) bool { return len(s) <= most && utf8.ValidString(s) }

func tooLong() error {
	return plantroom.Errorf(plantroom.CodeTooLarge, "a text holds at most %d bytes, a name, a contact and a reference %d, of valid UTF-8", MaxText, MaxShort)
}
