package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"plantroom"
	"plantroom/firmware-bridge/node/mcuboot"
	"plantroom/gateway/firmware"
	"plantroom/gateway/source/serial"
)

// push is `push IMAGE --port … --key …`.
func push(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("push", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() { fmt.Fprint(errs, usage) }
	port := flags.String("port", "", "")
	key := flags.String("key", "", "")
	baud := flags.Int("baud", serial.DefaultBaud, "")
	older := flags.Bool("older", false, "")
	if len(args) == 0 {
		fmt.Fprint(errs, usage)
		return exitUsage
	}
	file := args[0] // first, so that flags may follow it
	if err := flags.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil || flags.NArg() > 0 || *port == "" || *key == "" {
		fmt.Fprint(errs, usage)
		return exitUsage
	}
	content, image, err := readImage(file, *key)
	if err != nil {
		fmt.Fprintln(errs, "plantroom-node:", err)
		return exitUsage
	}
	fmt.Fprintf(out, "%s: firmware %s, security counter %d, %d bytes, signed by %s\n", file, image.Version, image.Counter, image.Size, *key)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return pushed(firmware.Push(ctx, content, image, firmware.Options{
		Open:     func() (firmware.Port, error) { return serial.Open(*port, *baud) },
		Older:    *older,
		Progress: tenths(out),
		Note:     func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) },
	}), image, out, errs)
}

// readImage reads and checks what is to be sent.
func readImage(file, key string) ([]byte, mcuboot.Image, error) {
	text, err := os.ReadFile(key)
	if err != nil {
		return nil, mcuboot.Image{}, err
	}
	public, err := mcuboot.Key(text)
	if err != nil {
		return nil, mcuboot.Image{}, fmt.Errorf("%s: %w", key, err)
	}
	if info, err := os.Stat(file); err == nil && info.Size() > mcuboot.MaxSize {
		return nil, mcuboot.Image{}, fmt.Errorf("%s: %d bytes, and an image has at most %d", file, info.Size(), mcuboot.MaxSize)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, mcuboot.Image{}, err
	}
	image, err := mcuboot.Check(content, public)
	if err != nil {
		return nil, mcuboot.Image{}, fmt.Errorf("%s: %w", file, err)
	}
	return content, image, nil
}

// tenths prints the progress at each tenth.
func tenths(out io.Writer) func(done, total int) {
	said := -1
	return func(done, total int) {
		if tenth := done * 10 / total; tenth != said {
			said = tenth
			fmt.Fprintf(out, "%3d %%  %d of %d bytes\n", tenth*10, done, total)
		}
	}
}

// pushed says how it ended.
func pushed(err error, image mcuboot.Image, out, errs io.Writer) int {
	if err == nil {
		fmt.Fprintf(out, "the node runs %s, confirmed\n", image.Version)
		return exitOK
	}
	fmt.Fprintln(errs, "plantroom-node:", err)
	var e *plantroom.Error
	if errors.As(err, &e) && (e.Code == plantroom.CodeConflict || e.Code == plantroom.CodeForbidden) && e.Op != serial.OpOpen {
		return exitRefused
	}
	return exitFailed
}
