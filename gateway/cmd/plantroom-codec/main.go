// Command plantroom-codec runs the JavaScript payload codecs of a gateway's
// devices. plantroom-gateway starts it, hands it files and frames, and ends it
// by force when it does not answer; all that it does is in
// gateway/sandbox/inside. People have no reason to run it.
package main

import (
	"fmt"
	"io"
	"os"

	"plantroom/gateway/sandbox"
	"plantroom/gateway/sandbox/inside"
)

// version is set by make build: -ldflags "-X main.version=…".
var version = "devel"

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // what it was given was no request, or nobody took the answer
	exitUsage  = 2 // wrong arguments
)

const usage = `plantroom-codec runs the payload codecs of LoRaWAN devices for plantroom-gateway,
which starts it by itself and expects it in its own folder. Try a codec with
plantroom-gateway codec test.

usage:
  plantroom-codec serve           answer requests on standard input until it ends
  plantroom-codec version         print the version
`

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, in io.Reader, out, errs io.Writer) int {
	switch {
	case len(args) == 1 && args[0] == sandbox.Argument:
		inside.BeModest()
		if err := inside.Serve(in, out, version); err != nil {
			fmt.Fprintln(errs, "plantroom-codec:", err)
			return exitFailed
		}
		return exitOK
	case len(args) == 1 && args[0] == "version":
		fmt.Fprintln(out, sandbox.Program, version)
		return exitOK
	case len(args) == 1 && (args[0] == "help" || args[0] == "-h" || args[0] == "--help"):
		fmt.Fprint(out, usage)
		return exitOK
	}
	fmt.Fprint(errs, usage)
	return exitUsage
}
