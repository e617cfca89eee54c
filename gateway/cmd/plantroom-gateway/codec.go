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
	box := sandbox.New(codecs)
	defer box.Close()
	results, err := checkCodec(file, examples, box)
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

func checkCodec(file, examples string, box *sandbox.Sandbox) ([]codectest.Result, error) {
	source, err := readFile("codec", file, codec.MaxFile)
	if err != nil {
		return nil, err
	}
	p, err := codec.Read(file, source)
	if err == nil {
		err = box.Compile(p)
	}
	if err != nil {
		return nil, err
	}
	text, err := readFile("examples", examples, codectest.MaxFile)
	if err != nil {
		return nil, err
	}
	list, err := codectest.Read(examples, text, box.Run)
	if err != nil {
		return nil, err
	}
	return codectest.Check(p, list, box.Run), nil
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
