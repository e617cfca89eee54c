package year

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/report"
	"plantroom/services/store"
	"plantroom/sim/estates"
)

// What the committee of the story had before it: a year with the lift maker, whose
// offer for the next year costs as much, and the firm's.
const (
	CommitteeSeed   = 1 // of the page in docs
	committeeYear   = 2025
	committeeFaults = 14 // of one lift in a year: invented
	committeeGoal   = 30 * time.Minute
)

// Decision writes the page that the story's committee decides on: a year of faults
// under the maker, and what the same faults would have been under each offer.
func Decision(ctx context.Context, w io.Writer, seed uint64) error {
	e, err := estates.Load("story")
	if err != nil {
		return err
	}
	house, past, err := committee(ctx, e, seed)
	if err != nil {
		return err
	}
	offers, err := house.Offers([]plantroom.ContractID{"grandlift-2026", "quicklift-2026"})
	if err != nil {
		return err
	}
	c, err := house.Compare(past, offers, committeeGoal)
	if err != nil {
		return err
	}
	var table strings.Builder
	if err := c.Markdown(&table, house.Zone); err != nil {
		return err
	}
	maker, firm := &c.Results[0], &c.Results[1]
	_, err = fmt.Fprintf(w, page, committeeYear, len(e.Buildings), maker.Covered, table.String(),
		c.Recorded.WithinGoal, c.Recorded.Covered, maker.WithinGoal, firm.WithinGoal,
		report.Money(maker.Total-firm.Total), c.Currency,
		maker.Missed[plantroom.Restore], firm.Missed[plantroom.Restore], firm.Covered-firm.WithinGoal, report.Money(firm.Penalties))
	return err
}

// committee plays the year under the maker's contract of then.
func committee(ctx context.Context, e plantroom.Estate, seed uint64) (*report.House, report.Past, error) {
	then, err := yearBefore(e)
	if err != nil {
		return nil, report.Past{}, err
	}
	dir, err := os.MkdirTemp("", "plantroom-year-")
	if err != nil {
		return nil, report.Past{}, err
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(ctx, filepath.Join(dir, "plantroom.db"))
	if err != nil {
		return nil, report.Past{}, err
	}
	defer s.Close()
	from, end, err := Of(then, committeeYear)
	if err != nil {
		return nil, report.Past{}, err
	}
	if err := Play(ctx, Options{Estate: then, Store: s, From: from, To: end, Seed: seed, Faults: committeeFaults}); err != nil {
		return nil, report.Past{}, err
	}
	house, err := report.NewHouse(e, app.Domains())
	if err != nil {
		return nil, report.Past{}, err
	}
	var past report.Past
	err = s.View(ctx, func(tx plantroom.Tx) (err error) {
		past, err = house.Past(tx, from, end, end.Add(30*24*time.Hour))
		return err
	})
	return house, past, err
}

// yearBefore is the estate as it was: the maker alone has its lifts.
func yearBefore(e plantroom.Estate) (plantroom.Estate, error) {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return e, err
	}
	var contracts []plantroom.Contract
	for _, c := range e.Contracts {
		if c.ID == "grandlift-2026" {
			c.ID = "grandlift-2025"
			c.From = plantroom.At(time.Date(committeeYear, 1, 1, 0, 0, 0, 0, zone))
			contracts = append(contracts, c)
		}
	}
	e.Contracts = contracts
	return e, nil
}

// page is the frame; docs/decision-report.md is what it comes to.
const page = `# The committee's decision: an example

A year of lift faults in the story's estate, and what the same faults would have been under each of two offers. The estate and
its two contracts are those of ` + "`sim/estates/story/estate.yaml`" + `; the faults of %[1]d are invented by the simulator, and so are the
penalties in the firm's contract. The page is written by

` + "```sh" + `
plantroom-sim decide
` + "```" + `

and a test compares it. For an estate of your own [plantroom whatif](sla.md#what-if) makes the same table from your own record.

## The question

The lift maker, who had the contract, asks 290,000 a year and two hours to arrive. A firm asks 190,000 and keeps two technicians
on the estate around the clock. The owners of the %[2]d blocks want a fault over within 30 minutes. There were %[3]d faults in the year.

## The same year under each contract

%[4]s
## What it says

- As it was, %[5]d of %[6]d faults were over within 30 minutes. The maker's offer would have made it %[7]d, the firm's %[8]d.
- The firm would have cost %[9]s %[10]s less, its penalties included.
- The maker would have missed %[11]d of its windows to repair, the firm %[12]d of its own. That says little: the maker promises a
  day, and the firm half an hour. What is to be compared is how long a fault lasts.
- With the firm %[13]d faults would have lasted longer than 30 minutes, most of them because the repair itself took so long. No
  contract that counts the way mends that; for what it missed the firm would have owed %[14]s in penalties.
`
