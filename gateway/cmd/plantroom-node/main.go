// Command plantroom-node looks after sensor nodes on a serial line from the
// desk: it brings signed firmware to them. It is a program of its own so that
// the gateway, which runs for years on a small board, does not carry it. It
// hears no readings.
package main

import (
	"fmt"
	"io"
	"os"
)

// version is set by the linker.
var version = "devel"

// The exit codes. docs/node.md explains them.
const (
	exitOK      = 0
	exitFailed  = 1 // the node cannot be reached; the last line says why
	exitUsage   = 2 // wrong arguments, or faults in the image or the key
	exitRefused = 3 // the node keeps its old firmware: it refuses the new one, or went back
)

const usage = `plantroom-node looks after sensor nodes on a serial line.

usage:
  plantroom-node push IMAGE --port PORT --key PUB [--baud 115200] [--older]
                            bring signed firmware to the node
  plantroom-node version    print the version

IMAGE is a signed MCUboot image and PUB the Ed25519 public key in PEM;
docs/node.md explains them. The gateway must not have the line open meanwhile.

exit codes:
  0  the node runs IMAGE
  1  the node cannot be reached: the last line says why, and what to do
  2  wrong arguments, or faults in IMAGE or PUB; nothing was sent
  3  the node keeps its old firmware: it refuses IMAGE, or went back
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	switch {
	case len(args) == 1 && args[0] == "version":
		fmt.Fprintln(out, "plantroom-node", version)
		return exitOK
	case len(args) == 1 && (args[0] == "help" || args[0] == "-h" || args[0] == "--help"):
		fmt.Fprint(out, usage)
		return exitOK
	case len(args) >= 1 && args[0] == "push":
		return push(args[1:], out, errs)
	}
	fmt.Fprint(errs, usage)
	return exitUsage
}
