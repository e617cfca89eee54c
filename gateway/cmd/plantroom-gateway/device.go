package main

import (
	"flag"
	"fmt"
	"io"

	"plantroom"
	"plantroom/gateway/broker"
)

// device makes an account of the gateway's own broker, or gives one a new
// password. The password alone goes to standard output, so that a script can
// take it; it is kept nowhere.
func device(verb, id string, args []string, out, errs io.Writer) int {
	var accounts string
	var publish, subscribe []string
	fs := flag.NewFlagSet("device", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&accounts, "accounts", "", "")
	if verb == "add" {
		fs.Func("publish", "", func(s string) error { publish = append(publish, s); return nil })
		fs.Func("subscribe", "", func(s string) error { subscribe = append(subscribe, s); return nil })
	}
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 || accounts == "" || verb != "add" && verb != "renew" {
		fmt.Fprint(errs, usage)
		return exitUsage
	}
	if len(publish) == 0 {
		publish = []string{"plantroom-device/" + id}
	}
	change := func() (string, error) { return broker.AddAccount(accounts, id, publish, subscribe) }
	if verb == "renew" {
		change = func() (string, error) { return broker.RenewAccount(accounts, id) }
	}
	password, err := change()
	if err != nil {
		fmt.Fprintln(errs, err)
		if plantroom.CodeOf(err) == plantroom.CodeUnavailable {
			return exitFailed
		}
		return exitUsage
	}
	fmt.Fprintln(out, password)
	fmt.Fprintf(errs, "%s is the user name, and the password is not kept: this is the only time that it is shown\n", id)
	return exitOK
}
