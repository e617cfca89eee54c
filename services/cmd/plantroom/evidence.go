package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/evidence"
	"plantroom/services/ledger"
	"plantroom/services/proofs"
)

// usualFile is where the Debian package has the server's file.
const usualFile = "/etc/plantroom/plantroom.yaml"

// bundles makes a bundle of evidence, checks one, or writes the page that does.
func bundles(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("evidence", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	path, noted := fs.String("o", "", ""), fs.String("head", "", "")
	redact := fs.Bool("redact", false, "")
	rest, err := interspersed(fs, args)
	if err != nil {
		return err
	}
	switch {
	case len(rest) == 1 && rest[0] == "page":
		_, err := out.Write(evidence.Page)
		return err
	case len(rest) == 2 && rest[0] == "verify":
		return verifyBundle(rest[1], *noted, out)
	case len(rest) == 1 && *path != "":
		return makeBundle(usualFile, rest[0], *path, *redact, out)
	case len(rest) == 2 && *path != "":
		return makeBundle(rest[0], rest[1], *path, *redact, out)
	}
	return usageError{errors.New("a bundle wants an order and -o OUT.zip, or verify and a bundle; plantroom help shows how")}
}

// makeBundle writes the bundle of an order; a server may run beside.
func makeBundle(file, order, path string, redact bool, out io.Writer) error {
	cfg, err := load(file)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(cfg.Estate.Zone)
	if err != nil {
		return err
	}
	opt := evidence.Options{Zone: zone, Redact: redact, Estate: cfg.Estate.ID, Measurements: app.Measurements(), Files: proofs.Look(proofs.In(cfg.Data))}
	if opt.Telemetry, err = app.Telemetry(cfg); err != nil {
		opt.NoTelemetry = plantroom.MessageOf(err)
	}
	ctx := context.Background()
	s, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	f, err := os.OpenFile(path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) // it tells of people
	if err != nil {
		return usageError{err}
	}
	var m evidence.Manifest
	var name plantroom.Hash
	err = s.View(ctx, func(tx plantroom.Tx) (err error) {
		m, name, err = evidence.Build(ctx, tx, plantroom.OrderID(order), f, opt)
		return err
	})
	sum, err2 := sumOf(f)
	if err := errors.Join(err, err2, f.Close()); err != nil {
		return errors.Join(asUsage(err), os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	fmt.Fprintf(out, "wrote %s\nsha256 of the file      %s\nsha256 of its manifest  %s\nnewest row in it        %d:%s\n", path, sum, name, m.Ledger.To, m.Ledger.Last)
	for _, x := range m.Missing {
		fmt.Fprintf(out, "not in it: %s: %s\n", x.What, x.Why)
	}
	return nil
}

func sumOf(f *os.File) (sum plantroom.Hash, err error) {
	h := sha256.New()
	if _, err = f.Seek(0, io.SeekStart); err == nil {
		_, err = io.Copy(h, f)
	}
	h.Sum(sum[:0])
	return sum, err
}

// verifyBundle says whether a bundle is whole.
func verifyBundle(path, noted string, out io.Writer) error {
	known, err := ledger.ParseHead(noted)
	if err != nil {
		return usageError{err}
	}
	f, err := os.Open(path)
	if err != nil {
		return usageError{err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r, err := evidence.Verify(f, info.Size(), known)
	if err != nil {
		return asUsage(err)
	}
	m := &r.Manifest
	fmt.Fprintf(out, "%s as of %s, %d files; rows %d to %d, %d of them shown\n", m.Order, m.AsOf, len(m.Files)+1, m.Ledger.From, m.Ledger.To, r.Shown)
	if r.Unproved > 0 {
		fmt.Fprintf(out, "%d rows are of the first form and not shown: their hashes are the bundle's word, and rows before row %d could have been made up\n", r.Unproved, r.Loose)
	}
	if n := r.Proofs + r.ProofsByHash; n > 0 {
		fmt.Fprintf(out, "its rows name %d files of proof; %d of them are in it and are what was handed in\n", n, r.Proofs)
	}
	for _, x := range m.Missing {
		fmt.Fprintf(out, "not in it: %.200q: %.400q\n", x.What, x.Why)
	}
	if len(r.Findings) > 0 {
		for _, x := range r.Findings {
			fmt.Fprintln(out, "broken:", x)
		}
		return errBroken
	}
	fmt.Fprintf(out, "whole; its manifest is %s\n", r.Sum)
	if known.Seq > 0 {
		fmt.Fprintf(out, "row %d is the one that was noted\n", known.Seq)
	} else {
		fmt.Fprintf(out, "compare with what was noted elsewhere: row %s\n", r.Head)
	}
	return nil
}
