package main

import (
	"bufio"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"plantroom"
	"plantroom/gateway/app/config"
)

//go:embed start/gateway.yaml
var start string

// question is one thing that a first file cannot do without.
type question struct{ flag, word, ask string }

var questions = []question{
	{"gateway", "GATEWAY", "The gateway's id, as in the estate's file (gw-b1): "},
	{"estate", "ESTATE", "The estate's id (story): "},
	{"broker", "BROKER", "The broker of the services (tls://mqtt.example.org:8883): "},
}

// initialise writes a commented file to start from. Its arguments are those
// behind "init". What no flag says is asked for on in; nil: nobody is there.
func initialise(args []string, in io.Reader, out, errs io.Writer) int {
	given := map[string]*string{}
	fs := flag.NewFlagSet("init", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	for _, q := range questions {
		given[q.flag] = fs.String(q.flag, "", "")
	}
	file := "gateway.yaml"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		file, args = args[0], args[1:]
	}
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		fmt.Fprint(errs, usage)
		return exitUsage
	}
	text, err := fillIn(given, in, errs)
	text = strings.NewReplacer("./spool", stateOf(file)+"/spool", "./remote", stateOf(file)+"/remote").Replace(text)
	if err == nil {
		_, err = config.Parse(file, []byte(text))
	}
	if err != nil {
		fmt.Fprintln(errs, err)
		return exitUsage
	}
	switch err := writeNew(file, text); {
	case errors.Is(err, os.ErrExist):
		fmt.Fprintf(errs, "%s is there already; name another file\n", file)
		return exitUsage
	case err != nil:
		fmt.Fprintln(errs, "write the file to start from:", err)
		return exitFailed
	}
	fmt.Fprintf(out, "wrote %s\nnext: plantroom-gateway run %s\n", file, file)
	return exitOK
}

// stateOf is where a gateway with a file there keeps what it writes: beside it, or
// for one of a system's service where such a service may write.
func stateOf(file string) string {
	if abs, err := filepath.Abs(file); err == nil && strings.HasPrefix(abs, "/etc/") {
		return "/var/lib/plantroom-gateway"
	}
	return "."
}

// fillIn puts the answers into the file.
func fillIn(given map[string]*string, in io.Reader, ask io.Writer) (string, error) {
	var lines *bufio.Scanner
	if in != nil {
		lines = bufio.NewScanner(in)
	}
	text := start
	for _, q := range questions {
		answer := *given[q.flag]
		if answer == "" && lines != nil {
			fmt.Fprint(ask, q.ask)
			if lines.Scan() {
				answer = strings.TrimSpace(lines.Text())
			}
		}
		if answer == "" {
			return "", &plantroom.Error{Code: plantroom.CodeInvalid, Op: "write a file to start from", Message: "--" + q.flag + " is missing",
				Hint: "give --gateway, --estate and --broker"}
		}
		if strings.ContainsAny(answer, " \t\r\n#\"'{}[]") { // none of it can be right, and it could be more than a value
			return "", plantroom.Errorf(plantroom.CodeInvalid, "write a file to start from: --%s %.80q holds what it cannot hold", q.flag, answer)
		}
		text = strings.ReplaceAll(text, q.word, answer)
	}
	return text, nil
}

// writeNew never overwrites a file, and leaves no half of one. The file holds no
// secret: it names the files that do.
func writeNew(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	d, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// terminal is the standard input where a person sits before it, else nil.
func terminal() io.Reader {
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&fs.ModeCharDevice != 0 && !isNull(info) {
		return os.Stdin
	}
	return nil
}

// isNull reports whether a file is /dev/null, which is a device, too.
func isNull(info fs.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}
