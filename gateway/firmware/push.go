package firmware

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/node/mcuboot"
	"plantroom/firmware-bridge/node/smp"
	"plantroom/internal/mqttconn"
)

// Options says how to reach the node. Zero values mean the defaults beside them.
type Options struct {
	Open     func() (Port, error)
	Older    bool                             // permit a version older than the one that runs
	Progress func(done, total int)            // bytes the node has; nil: nobody asks
	Note     func(format string, args ...any) // what is being done; nil: nobody asks
	Patience time.Duration                    // for an answer; 3 s: a small node checks a signature in one
	Restart  time.Duration                    // for a node to come back; 60 s
	Tries    int                              // without an answer, until it is given up; 8
	Backoff  mqttconn.Backoff                 // between openings of the line; at most every 2 s
}

func (o *Options) fill() {
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	if o.Note == nil {
		o.Note = func(string, ...any) {}
	}
	if o.Patience <= 0 {
		o.Patience = 3 * time.Second
	}
	if o.Restart <= 0 {
		o.Restart = time.Minute
	}
	if o.Tries <= 0 {
		o.Tries = 8
	}
	if o.Backoff == (mqttconn.Backoff{}) {
		o.Backoff = mqttconn.Backoff{First: 200 * time.Millisecond, Cap: 2 * time.Second}
	}
}

// Push brings an image, which mcuboot.Check has found good, to the node and
// returns when it runs and is confirmed. Whatever the node has done already is
// not done again, so a Push that was cut off can be repeated.
//
// The error is CodeConflict where an older version would replace a newer one or
// the node went back to its old firmware, CodeForbidden where the node refuses
// the image, else CodeUnavailable or that of Open.
func Push(ctx context.Context, file []byte, image mcuboot.Image, o Options) error {
	o.fill()
	p := &push{link: link{o: o, pace: o.Backoff}, file: file, image: image}
	defer p.close()
	runs, has, err := p.look(ctx)
	if err != nil {
		return err
	}
	if runs.Hash == nil || !bytes.Equal(runs.Hash, image.Hash[:]) {
		if err := p.replace(ctx, runs, has); err != nil {
			return err
		}
	} else if runs.Confirmed {
		o.Note("the node runs %s already", image.Version)
		return nil
	}
	return p.confirm(ctx)
}

// confirm ends the trial. A node that lost its power in it has gone back and
// refuses: then what runs is said, since that, and not the image, is at fault.
func (p *push) confirm(ctx context.Context) error {
	p.o.Note("confirming %s", p.image.Version)
	_, err := p.ask(ctx, smp.SetState, smp.SetStateBody{Hash: p.image.Hash[:], Confirm: true}, nil)
	if !errors.As(err, new(*smp.Refusal)) {
		return err
	}
	runs, _, again := p.look(ctx)
	if again != nil {
		return errors.Join(refused(err), again)
	}
	if !bytes.Equal(runs.Hash, p.image.Hash[:]) {
		return plantroom.Errorf(plantroom.CodeConflict, "the node went back to %s before %s was confirmed", runs.Version, p.image.Version)
	}
	return refused(err)
}

type push struct {
	link
	file  []byte
	image mcuboot.Image
}

// look asks what the node runs (a zero Slot where that is in no slot), and
// whether it has the image in the other slot.
func (p *push) look(ctx context.Context) (runs smp.Slot, has bool, err error) {
	var state smp.StateAnswer
	if _, err := p.ask(ctx, smp.State, nil, &state); err != nil {
		return runs, false, refused(err)
	}
	for _, s := range state.Images {
		if s.Active {
			runs = s
		} else if bytes.Equal(s.Hash, p.image.Hash[:]) {
			has = true
		}
	}
	return runs, has, nil
}

// replace has the image run on trial.
func (p *push) replace(ctx context.Context, runs smp.Slot, has bool) error {
	if runs.Hash != nil {
		p.o.Note("the node runs %s", runs.Version)
		v, err := mcuboot.ParseVersion(runs.Version)
		if err == nil && p.image.Version.Older(v) && !p.o.Older {
			return plantroom.Errorf(plantroom.CodeConflict, "the node runs %s, which is newer than %s: nothing was sent", runs.Version, p.image.Version)
		}
	}
	if !has {
		if err := p.upload(ctx); err != nil {
			return err
		}
	}
	p.o.Note("starting %s on trial", p.image.Version)
	cut, err := p.ask(ctx, smp.SetState, smp.SetStateBody{Hash: p.image.Hash[:]}, nil)
	if err != nil && (!cut || !errors.As(err, new(*smp.Refusal))) {
		return refused(err)
	}
	// Cut off, the node may have lost its power and started the trial: then it
	// refuses to be told so again, and restart finds it running.
	if again := p.restart(ctx); again != nil {
		return errors.Join(refused(err), again)
	}
	return nil
}

// upload sends what the node does not have. It begins with the first piece:
// the node answers that with how far it is.
func (p *push) upload(ctx context.Context) error {
	size, err := p.piece(ctx)
	if err != nil {
		return err
	}
	session := sha256.Sum256(p.file)
	for off, stuck := 0, 0; off < len(p.file); {
		body := smp.UploadBody{Off: uint32(off), Data: p.file[off:min(off+size, len(p.file))]}
		if off == 0 {
			body.Len, body.SHA = uint32(len(p.file)), session[:]
		}
		var answer smp.UploadAnswer
		cut, err := p.ask(ctx, smp.Upload, body, &answer)
		if err != nil {
			return refused(err)
		}
		if answer.Off == nil || int64(*answer.Off) > int64(len(p.file)) {
			return plantroom.Errorf(plantroom.CodeInvalid, "the node says that it has more of the image than there is")
		}
		next := int(*answer.Off)
		if next <= off && !cut {
			if stuck++; stuck > p.o.Tries {
				return plantroom.Errorf(plantroom.CodeUnavailable, "the node takes nothing beyond byte %d of %d", next, len(p.file))
			}
		} else {
			stuck = 0
		}
		off = next
		p.o.Progress(off, len(p.file))
	}
	return nil
}

// What a piece's message holds beside it: header, map, names, offset, and for
// the first one length and hash.
const aroundPiece = 8 + 1 + 9 + 9 + 4 + 34 + 8

// piece asks how much a node takes at a time.
func (p *push) piece(ctx context.Context) (int, error) {
	size := uint32(256) // Zephyr's least is 384
	var answer smp.ParametersAnswer
	_, err := p.ask(ctx, smp.Parameters, nil, &answer)
	var refusal *smp.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.NotSupported():
	case err != nil:
		return 0, refused(err)
	default:
		size = min(answer.Size, 1024)
	}
	if size < aroundPiece+64 {
		return 0, plantroom.Errorf(plantroom.CodeInvalid, "the node takes messages of %d bytes only", size)
	}
	return int(size-aroundPiece) &^ 7, nil
}

// restart ends what runs, and waits until the new firmware answers. A node that
// is told twice to start anew would end the trial with the second time; so it is
// told again only where it says that the trial is still to come, and only after it
// has had its time: it may answer, and other questions after that, before it starts
// anew (Zephyr does so 250 ms later).
func (p *push) restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.o.Restart)
	defer cancel()
	var told time.Time
	for {
		runs, pending, err := p.running(ctx)
		switch {
		case ctx.Err() != nil:
			return p.lost(errors.Join(err, ctx.Err()))
		case err != nil: // not up yet
		case bytes.Equal(runs.Hash, p.image.Hash[:]):
			return nil
		case !pending:
			return plantroom.Errorf(plantroom.CodeConflict, "the node went back to %s: %s did not start", runs.Version, p.image.Version)
		case !told.IsZero() && time.Since(told) < p.o.Patience: // it is about to
		default:
			told = time.Now()
			err := p.once(ctx, smp.Reset, nil, nil)
			if errors.Is(err, errUnsent) {
				told = time.Time{}
			}
			if err != nil && !errors.Is(err, errNoAnswer) {
				p.close() // what has become of it, the next round shows
			}
		}
		t := time.NewTimer(p.o.Backoff.First)
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
}

// running asks what runs, and whether the image still waits for a start.
func (p *push) running(ctx context.Context) (runs smp.Slot, pending bool, err error) {
	var state smp.StateAnswer
	if _, err := p.ask(ctx, smp.State, nil, &state); err != nil {
		return runs, false, err
	}
	for _, s := range state.Images {
		if s.Active {
			runs = s
		} else if bytes.Equal(s.Hash, p.image.Hash[:]) {
			pending = s.Pending
		}
	}
	return runs, pending, nil
}

// refused makes of a node's refusal an error with a code.
func refused(err error) error {
	var r *smp.Refusal
	if errors.As(err, &r) {
		return &plantroom.Error{Code: plantroom.CodeForbidden, Op: "update the node", Message: r.Error(), Err: nil}
	}
	return err
}
