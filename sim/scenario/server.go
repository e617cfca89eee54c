package scenario

import (
	"context"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/app"
	"plantroom/services/cases"
	"plantroom/services/dispatch"
	"plantroom/services/ingest"
	"plantroom/services/store"
	"plantroom/services/works"
)

// server is the services' spine on a real SQLite file. Killing it forgets
// everything in memory; starting it again opens the file.
type server struct {
	estate   plantroom.Estate
	path     string
	tsdb     *tsdb
	channels []plantroom.Channel
	changed  func()

	file  *store.SQLite // nil: it is down
	spine *app.Spine
}

func (v *server) up() bool { return v.file != nil }

func (v *server) start(ctx context.Context, now plantroom.Instant) error {
	file, err := store.Open(ctx, v.path)
	if err != nil {
		return err
	}
	v.spine, err = app.NewSpine(app.SpineOptions{Estate: v.estate, Store: file, Writer: v.tsdb, Channels: v.channels,
		Changed: func(string, string) { v.changed() }})
	if err != nil {
		return err
	}
	if err := v.spine.Establish(ctx, now); err != nil {
		return err
	}
	v.file = file
	v.changed()
	return nil
}

func (v *server) kill() error {
	if v.file == nil {
		return nil
	}
	err := v.file.Close()
	v.file, v.spine = nil, nil
	return err
}

// uplink delivers a message of a gateway.
func (v *server) uplink(ctx context.Context, now plantroom.Instant, gw plantroom.GatewayID, leaf wire.Leaf, payload []byte) ([]ingest.GatewayAck, error) {
	return v.spine.Ingest.Judge(ctx, now, ingest.Delivery{Topic: wire.Topic(v.estate.ID, gw, leaf), Payload: payload})
}

// tick does what time brings: detectors, orders, InfluxDB, calls.
func (v *server) tick(ctx context.Context, now plantroom.Instant) ([]ingest.GatewayAck, error) {
	acks, err := v.spine.Ingest.Tick(ctx, now)
	if err != nil {
		return nil, err
	}
	if err := v.spine.TickOrders(ctx, now); err != nil {
		return nil, err
	}
	if !v.tsdb.away {
		more, err := v.spine.Ingest.Flush(ctx, now)
		if err != nil {
			return nil, err
		}
		acks = append(acks, more...)
	}
	_, _, err = v.spine.Outbox.Deliver(ctx, now)
	return acks, err
}

func (v *server) command(ctx context.Context, now plantroom.Instant, cmd dispatch.Command) error {
	_, err := v.spine.Command(ctx, now, cmd)
	return err
}

// works declares planned works, or says that they are done.
func (v *server) works(ctx context.Context, now plantroom.Instant, a *WorksAct) (string, error) {
	if v.spine == nil {
		return "", plantroom.Errorf(plantroom.CodeUnavailable, "the server is down: nobody can declare works")
	}
	const office = "person:office"
	if a.Finish {
		return "the works " + string(a.ID) + " are done", v.spine.Store.Update(ctx, func(tx plantroom.Tx) error {
			_, err := v.spine.Works.Do(tx, now, works.Request{Works: a.ID, Do: works.Finish, Actor: office})
			return err
		})
	}
	from := now.Add(time.Duration(a.In))
	w := plantroom.Works{ID: a.ID, Title: plantroom.Text{En: string(a.ID)}, Assets: a.Assets, Contractor: a.Contractor, Hold: a.Hold,
		From: from, To: from.Add(time.Duration(a.For))}
	return "the works " + string(a.ID) + " are planned", v.spine.Store.Update(ctx, func(tx plantroom.Tx) error {
		_, err := v.spine.Works.Declare(tx, now, office, w)
		return err
	})
}

// residents opens a residents' case, or does something about one.
func (v *server) residents(ctx context.Context, now plantroom.Instant, a *CaseAct) (says string, err error) {
	if v.spine == nil {
		return "", plantroom.Errorf(plantroom.CodeUnavailable, "the server is down: nobody can work on a case")
	}
	const office = "person:office"
	err = v.spine.Store.Update(ctx, func(tx plantroom.Tx) error {
		if a.Playbook != "" {
			o := cases.Opening{Playbook: a.Playbook, Key: a.ID, Text: a.Note, By: a.By, Responsible: a.Responsible, Actor: office}
			if a.About != "" {
				o.Zones = []plantroom.ZoneID{a.About}
			}
			says = "the case " + a.ID + " is opened"
			_, err := v.spine.Cases.Open(tx, now, o)
			return err
		}
		c, err := tx.CaseOfKey(a.ID)
		if err != nil {
			return err
		}
		r := cases.Request{Case: c.ID, Do: cases.Reopen, Actor: office, By: a.By, Text: a.Note}
		says = "the case " + a.ID + " is opened again"
		switch {
		case a.Step != "":
			says = "of the case " + a.ID + " the step " + a.Step + " is done"
			r.Do, r.Step, r.With, r.Ref = cases.Tick, a.Step, a.With, a.Ref
		case a.Outcome != "":
			says = "the case " + a.ID + " is closed: " + a.Outcome
			r.Do, r.Outcome = cases.Close, a.Outcome
		}
		_, err = v.spine.Cases.Do(tx, now, r)
		return err
	})
	return says, err
}

// tsdb stands for InfluxDB: it keeps a key for each point that it was given,
// so that what a gateway accepted can be looked for. What it takes twice it
// has once, as InfluxDB does.
type tsdb struct {
	behind ingest.Writer // a real one, which gets the points too; nil: there is none
	away   bool
	points map[pointKey]plantroom.Value
}

type pointKey struct {
	device plantroom.DeviceID
	signal string
	at     plantroom.Instant
}

// Write implements ingest.Writer.
func (d *tsdb) Write(ctx context.Context, ps []plantroom.Point) (refused []plantroom.Refused, err error) {
	if d.away {
		return nil, plantroom.Errorf(plantroom.CodeUnavailable, "InfluxDB is away")
	}
	if d.behind != nil {
		if refused, err = d.behind.Write(ctx, ps); err != nil || len(refused) > 0 {
			return refused, err
		}
	}
	for _, p := range ps {
		d.points[pointKey{p.Series.Device, p.Signal, p.At}] = p.Value
	}
	return nil, nil
}
