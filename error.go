package plantroom

import (
	"errors"
	"fmt"
)

// Code says what kind of failure an error is. The HTTP layer maps codes to
// status codes in one table; operators and tests match on codes, never on text.
type Code string

// The error codes.
const (
	CodeInvalid     Code = "invalid"      // the input is malformed or out of range
	CodeNotFound    Code = "not_found"    // no such thing
	CodeConflict    Code = "conflict"     // it exists already, or somebody else was first
	CodeTransition  Code = "transition"   // the work order's state does not permit this
	CodeForbidden   Code = "forbidden"    // known, but not allowed
	CodeUnauth      Code = "unauthorized" // not known
	CodeExpired     Code = "expired"      // was valid once
	CodeTooLarge    Code = "too_large"    // beyond a stated limit
	CodeUnavailable Code = "unavailable"  // a part we depend on does not answer; heals by itself
	CodeInternal    Code = "internal"     // our fault; details are in the log only
)

// Error is a failure with a code and a message that is safe to show to
// whoever asked. Op names the operation for the operator ("open spool"), Hint
// the next step; Err is the cause, which is logged and never shown.
type Error struct {
	Code    Code
	Op      string
	Message string
	Hint    string
	Err     error

	shown error // a cause that Message already contains
}

// Error gives "op: message: cause; hint".
func (e *Error) Error() string {
	s := e.Message
	if e.Op != "" {
		s = e.Op + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e.Err != nil {
		return e.Err
	}
	return e.shown
}

// Errorf makes an Error with a code. A %w cause stands in the message and
// stays reachable for errors.Is and errors.As, so wrap only what may be shown.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), shown: errors.Unwrap(err)}
}

// CodeOf returns the code of the outermost Error in err's chain,
// CodeInternal for any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// MessageOf returns the text that may be shown: the message and hint of an
// Error, and a fixed sentence for any other error.
func MessageOf(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return "something went wrong on our side; the log says what"
	}
	if e.Hint != "" {
		return e.Message + "; " + e.Hint
	}
	return e.Message
}
