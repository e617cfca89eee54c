package broker

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"plantroom"
)

// AddAccount adds an account with a new password to a file, which it makes
// where there is none, and returns the password. What a person has written in
// the file stays as it is.
func AddAccount(file, id string, publish, subscribe []string) (password string, err error) {
	if err := plantroom.ValidID(id); err != nil {
		return "", plantroom.Errorf(plantroom.CodeInvalid, "device account: %w", err)
	}
	src, all, err := forEdit(file)
	if err != nil {
		return "", err
	}
	if all[id] != nil {
		return "", plantroom.Errorf(plantroom.CodeConflict, "%s has an account %s already; plantroom-gateway device renew gives it a new password", file, id)
	}
	password, secret := NewPassword()
	if len(all) == 0 { // a file that says accounts: [] cannot be added to
		src = []byte("# The devices that may publish to this gateway. docs/gateway.md explains it.\naccounts:\n")
	}
	if !bytes.HasSuffix(src, []byte("\n")) {
		src = append(src, '\n')
	}
	text, _ := secret.MarshalText() // never fails
	in := indent(src)
	src = fmt.Appendf(src, "%s- id: %s\n%s  secret: %s\n%s  publish: [%s]\n%s  subscribe: [%s]\n",
		in, strconv.Quote(id), in, text, in, quoted(publish), in, quoted(subscribe))
	return password, save(file, src)
}

// RenewAccount gives an account a new password, and returns it.
func RenewAccount(file, id string) (password string, err error) {
	src, all, err := forEdit(file)
	if err != nil {
		return "", err
	}
	if all[id] == nil {
		return "", plantroom.Errorf(plantroom.CodeNotFound, "%s has no account %.64q; plantroom-gateway device add makes one", file, id)
	}
	password, secret := NewPassword()
	was, _ := all[id].Secret.MarshalText() // neither fails
	is, _ := secret.MarshalText()
	if bytes.Count(src, was) != 1 {
		return "", plantroom.Errorf(plantroom.CodeConflict, "%s does not hold the secret of %s exactly once; remove the account by hand and add it again", file, id)
	}
	return password, save(file, bytes.Replace(src, was, is, 1))
}

// forEdit reads a file that need not exist.
func forEdit(file string) ([]byte, Accounts, error) {
	src, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "read the accounts", Message: file, Err: err}
	}
	all, err := ParseAccounts(file, src)
	return src, all, err
}

// indent is the white space before the list's items, so that another one lines
// up with them.
func indent(src []byte) string {
	out := ""
	for line := range strings.Lines(string(src)) {
		if rest := strings.TrimLeft(line, " "); strings.HasPrefix(rest, "- id:") {
			out = line[:len(line)-len(rest)]
			break
		}
	}
	return out
}

func quoted(filters []string) string {
	out := make([]string, len(filters))
	for i, f := range filters {
		out[i] = strconv.Quote(f)
	}
	return strings.Join(out, ", ")
}

// save replaces the file, in one step and durably, once it is known that it
// can be read again. A gateway reads it while it runs. It is for its owner only.
func save(file string, src []byte) (err error) {
	failed := func(err error) error {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "write the accounts", Message: file, Err: err,
			Hint: "see that the directory can be written and has room"}
	}
	if _, err := ParseAccounts(file, src); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".accounts-*")
	if err != nil {
		return failed(err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // what stays is a leftover, and the error says why
		}
	}()
	if info, gone := os.Stat(file); gone == nil {
		_ = f.Chmod(info.Mode().Perm()) // where that fails it is for its owner only
	}
	_, err = f.Write(src)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return failed(err)
	}
	return nil
}
