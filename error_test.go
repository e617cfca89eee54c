package plantroom_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"plantroom"
)

func TestAnErrorNamesOperationSubjectCauseAndNextStep(t *testing.T) {
	for want, e := range map[string]*plantroom.Error{
		"the spool is full":             {Message: "the spool is full"},
		"open spool: the spool is full": {Op: "open spool", Message: "the spool is full"},
		"the spool is full: EOF":        {Message: "the spool is full", Err: io.EOF},
		"the spool is full; make room":  {Message: "the spool is full", Hint: "make room"},
		"open spool: /var/spool cannot be written: EOF; free some space": {Op: "open spool", Message: "/var/spool cannot be written", Err: io.EOF, Hint: "free some space"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestTheCauseStaysReachable(t *testing.T) {
	cause := &fs.PathError{Op: "open", Path: "/secret/path", Err: fs.ErrPermission}
	for name, err := range map[string]error{
		"kept inside":              &plantroom.Error{Code: plantroom.CodeInternal, Message: "cannot read the key", Err: cause},
		"in the message":           plantroom.Errorf(plantroom.CodeInternal, "cannot read the key: %w", cause),
		"inside one that is shown": &plantroom.Error{Code: plantroom.CodeInternal, Message: "m", Err: plantroom.Errorf(plantroom.CodeInvalid, "n: %w", cause)},
		"wrapped once more":        fmt.Errorf("start: %w", plantroom.Errorf(plantroom.CodeInternal, "cannot read the key: %w", cause)),
	} {
		var path *fs.PathError
		if !errors.Is(err, fs.ErrPermission) || !errors.As(err, &path) || path != cause {
			t.Errorf("%s: the cause is lost: %v", name, err)
		}
	}
	if plantroom.Errorf(plantroom.CodeInvalid, "no cause").Unwrap() != nil {
		t.Error("an error without a cause unwraps to one")
	}
}

// The outermost code counts: whoever wraps an error knows better what it means
// to its caller.
func TestTheCodeIsThatOfTheOutermostError(t *testing.T) {
	inner := plantroom.Errorf(plantroom.CodeNotFound, "no such order")
	for name, c := range map[string]struct {
		err  error
		want plantroom.Code
	}{
		"none":            {nil, ""},
		"not ours":        {io.EOF, plantroom.CodeInternal},
		"ours":            {inner, plantroom.CodeNotFound},
		"wrapped plainly": {fmt.Errorf("read: %w", inner), plantroom.CodeNotFound},
		"wrapped by ours": {plantroom.Errorf(plantroom.CodeConflict, "raise: %w", inner), plantroom.CodeConflict},
		"kept by ours":    {&plantroom.Error{Code: plantroom.CodeUnavailable, Err: inner}, plantroom.CodeUnavailable},
		"joined":          {errors.Join(io.EOF, inner), plantroom.CodeNotFound},
	} {
		if got := plantroom.CodeOf(c.err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What a stranger is shown holds the message and the hint; never the cause,
// the operation, or anything of an error that is not ours.
func TestInternalsAreNeverShown(t *testing.T) {
	const secret = "/etc/plantroom/key.pem"
	leak := &fs.PathError{Op: "open", Path: secret, Err: fs.ErrPermission}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"not ours":         {leak, "something went wrong on our side; the log says what"},
		"wrapped, no ours": {fmt.Errorf("read %s: %w", secret, leak), "something went wrong on our side; the log says what"},
		"a cause":          {&plantroom.Error{Op: "open " + secret, Message: "the job link cannot be checked", Err: leak}, "the job link cannot be checked"},
		"a cause, a hint":  {&plantroom.Error{Message: "the link has expired", Hint: "ask for a new one", Err: leak}, "the link has expired; ask for a new one"},
		"ours inside":      {fmt.Errorf("handle %s: %w", secret, plantroom.Errorf(plantroom.CodeNotFound, "no order wo-000009")), "no order wo-000009"},
		"meant to be seen": {plantroom.Errorf(plantroom.CodeInvalid, "faulty time: %w", errors.New("use RFC 3339")), "faulty time: use RFC 3339"},
	} {
		got := plantroom.MessageOf(c.err)
		if got != c.want || strings.Contains(got, secret) {
			t.Errorf("%s: shown is %q, want %q", name, got, c.want)
		}
	}
}
