package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/codec"
	"plantroom/gateway/codectest"
	"plantroom/gateway/sandbox"
)

// runSandbox is this program as the process that runs codecs.
func runSandbox(errs io.Writer) int {
	sandbox.BeModest()
	if err := sandbox.Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(errs, err)
		return exitFailed
	}
	return exitOK
}

// testCodec runs a codec against examples. Its arguments are those behind
// "codec test".
func testCodec(args []string, out, errs io.Writer) int {
	file, examples, asJSON := "", "", false
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--json":
			asJSON = true
		case args[i] == "--examples" && i+1 < len(args) && examples == "":
			i++
			examples = args[i]
		case !strings.HasPrefix(args[i], "-") && file == "":
			file = args[i]
		default:
			fmt.Fprint(errs, usage)
			return exitUsage
		}
	}
	if file == "" || examples == "" {
		fmt.Fprint(errs, usage)
		return exitUsage
	}
	box := sandbox.New(sandbox.Options{})
	defer box.Close()
	results, err := checkCodec(file, examples, box.Run)
	if err != nil {
		fmt.Fprintln(errs, err)
		if plantroom.CodeOf(err) == plantroom.CodeUnavailable {
			return exitFailed
		}
		return exitUsage
	}
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		err = e.Encode(results)
	} else {
		err = codectest.Text(out, results)
	}
	if err != nil || codectest.Failed(results) > 0 {
		return exitFailed
	}
	return exitOK
}

func checkCodec(file, examples string, run codec.Runner) ([]codectest.Result, error) {
	source, err := readFile("codec", file, codec.MaxFile)
	if err != nil {
		return nil, err
	}
	p, err := codec.Compile(file, source)
	if err != nil {
		return nil, err
	}
	text, err := readFile("examples", examples, codectest.MaxFile)
	if err != nil {
		return nil, err
	}
	list, err := codectest.Read(examples, text, run)
	if err != nil {
		return nil, err
	}
	return codectest.Check(p, list, run), nil
}

// readFile reads one byte more than is permitted, at most, so that whoever
// judges the content sees that it is too long.
func readFile(what, name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		var b []byte
		if b, err = io.ReadAll(io.LimitReader(f, limit+1)); err == nil {
			return b, nil
		}
	}
	return nil, &plantroom.Error{Code: plantroom.CodeNotFound, Op: "read the " + what, Message: name, Err: err}
}
