package cases

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"plantroom"
)

// what is told about people, as it is committed to: the label keeps one sort
// from standing for another.
type (
	openedContent struct {
		Zones   []plantroom.ZoneID `json:"zones"`
		Contact string             `json:"contact"`
		Text    string             `json:"text"`
	}
	taskContent struct {
		Step string             `json:"step"`
		At   plantroom.Instant  `json:"at"`
		By   plantroom.PersonID `json:"by"`
		With string             `json:"with"`
		Note string             `json:"note"`
		Ref  string             `json:"ref"`
	}
)

// seal is HMAC-SHA256 of a label, a zero byte and the JSON text of a content,
// under the case's own key. Whoever has the case can compute it; once the key is
// forgotten nobody can, and trying what it may have been finds nothing.
func seal(key plantroom.Salt, label string, content any) (plantroom.Hash, error) {
	b, err := json.Marshal(content)
	if err != nil {
		return plantroom.Hash{}, err
	}
	mac := hmac.New(sha256.New, key[:])
	mac.Write(append(append([]byte(label), 0), b...))
	return plantroom.Hash(mac.Sum(nil)), nil
}

func sealOpening(c *plantroom.Case) (plantroom.Hash, error) {
	return seal(c.Salt, "opened", openedContent{c.Zones, c.Contact, c.Text})
}

func sealTask(c *plantroom.Case, t *plantroom.CaseTask) (plantroom.Hash, error) {
	return seal(c.Salt, "step", taskContent{t.ID, t.Done, t.By, t.With, t.Note, t.Ref})
}

func sealNote(c *plantroom.Case, n *plantroom.CaseNote) (plantroom.Hash, error) {
	return seal(c.Salt, "note", n)
}

// Check compares what a case says with the commitments of its rows in the
// ledger, and returns in words what does not agree: a row that nothing in the
// case bears out, or something in the case that no row commits to. A case that is
// forgotten has nothing to compare: it is CodeExpired.
func Check(c *plantroom.Case, rows []plantroom.LedgerRow) (findings []string, err error) {
	if !c.Forgotten.IsZero() {
		return nil, plantroom.Errorf(plantroom.CodeExpired, "%s was forgotten at %s: what its rows commit to is gone", c.ID, c.Forgotten)
	}
	said, err := sums(c)
	if err != nil {
		return nil, err
	}
	open := make(map[plantroom.Hash]bool, len(said))
	for _, s := range said {
		open[s.sum] = true
	}
	committed := make(map[plantroom.Hash]bool, len(rows))
	for i := range rows {
		var body struct {
			Sum *plantroom.Hash `json:"sum"`
		}
		if err := json.Unmarshal(rows[i].Body, &body); err != nil {
			findings = append(findings, fmt.Sprintf("row %d (%s) cannot be read", rows[i].Seq, rows[i].Kind))
			continue
		}
		if body.Sum == nil {
			continue
		}
		committed[*body.Sum] = true
		if !open[*body.Sum] {
			findings = append(findings, fmt.Sprintf("row %d (%s) commits to something that the case does not say", rows[i].Seq, rows[i].Kind))
		}
	}
	for _, s := range said {
		if !committed[s.sum] {
			findings = append(findings, s.what+" is not as any row commits to it")
		}
	}
	return findings, nil
}

// statement is something that a case says, with the commitment to it.
type statement struct {
	what string
	sum  plantroom.Hash
}

// sums are the commitments to all that a case says.
func sums(c *plantroom.Case) (all []statement, err error) {
	add := func(what string, sum plantroom.Hash, failed error) {
		all = append(all, statement{what, sum})
		if failed != nil {
			err = failed
		}
	}
	sum, failed := sealOpening(c)
	add("what it is about", sum, failed)
	rounds := [][]plantroom.CaseTask{c.Tasks}
	for i := range c.Earlier {
		rounds = append(rounds, c.Earlier[i].Tasks)
	}
	for _, tasks := range rounds {
		for i := range tasks {
			if t := &tasks[i]; !t.Done.IsZero() {
				sum, failed = sealTask(c, t)
				add(fmt.Sprintf("the step %s, done at %s,", t.ID, t.Done), sum, failed)
			}
		}
	}
	for i := range c.Notes {
		n := &c.Notes[i]
		sum, failed = sealNote(c, n)
		add(fmt.Sprintf("the note of %s", n.At), sum, failed)
	}
	return all, err
}
