package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"

	"modernc.org/quickjs"

	"plantroom"
	"plantroom/firmware-bridge/codec"
)

// Run makes one call in a machine of its own and gives the JSON text of what
// was returned. An error (CodeInvalid) says what the codec has thrown or which
// limit it has met.
//
// Run takes no longer than the call's Time as far as the engine looks at the
// clock, which it does not within built-in functions: see the package comment. A
// call that met that limit because the machine was busy, having had less than
// half of the time for itself, is made once more.
func (p *Compiled) Run(c codec.Call) (json.RawMessage, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	limit := cmp.Or(c.Time, codec.MaxTime)
	begun := cpuTime()
	out, err := p.once(c, limit)
	if err != nil && err.Error() == tooLong(limit) && knowsCPUTime && cpuTime()-begun < limit/2 {
		return p.once(c, limit)
	}
	return out, err
}

// tooLong is what a call is told that takes its time and does not end.
func tooLong(limit time.Duration) string { return "it took longer than " + limit.String() }

// once makes a call.
func (p *Compiled) once(c codec.Call, limit time.Duration) (json.RawMessage, error) {
	end := time.Now().Add(limit)
	vm, err := machine()
	if err != nil {
		return nil, err
	}
	defer vm.Close()
	if err := vm.SetEvalTimeout(limit); err != nil {
		return nil, err
	}
	call, err := prepare(vm, p.buffer)
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInternal, "prelude%s: %s", place(err), said(err))
	}
	defer call.Free()
	if err := run(vm, end, func() error { _, err := vm.EvalBytecode(p.code); return err }); err != nil {
		return nil, failure(err, limit)
	}
	var out any
	err = run(vm, end, func() (err error) {
		out, err = call.Call(quickjs.UndefinedValue, c.Function, string(c.Input))
		return err
	})
	if err != nil {
		return nil, failure(err, limit)
	}
	return answer(out)
}

// prepare runs the prelude and gives the function that calls the codec.
func prepare(vm *quickjs.VM, withBuffer bool) (quickjs.Value, error) {
	if withBuffer {
		code, err := buffer()
		if err == nil {
			_, err = vm.EvalBytecode(code)
		}
		if err != nil {
			return quickjs.UndefinedValue, err
		}
	}
	code, err := prelude()
	if err != nil {
		return quickjs.UndefinedValue, err
	}
	return vm.EvalBytecodeValue(code)
}

// run does one step in what is left of the time.
func run(vm *quickjs.VM, end time.Time, step func() error) error {
	left := time.Until(end)
	if left <= 0 {
		return fmt.Errorf("InternalError: interrupted")
	}
	if err := vm.SetEvalTimeout(left); err != nil {
		return err
	}
	return step()
}

// failure says what went wrong in the words of the limit that was met.
func failure(err error, limit time.Duration) error {
	switch text := err.Error(); {
	case strings.Contains(text, "interrupted"):
		return plantroom.Errorf(plantroom.CodeInvalid, "%s", tooLong(limit))
	case strings.Contains(text, "out of memory"):
		return plantroom.Errorf(plantroom.CodeInvalid, "it used more than %d MiB", codec.MaxMemory>>20)
	case text == "":
		return plantroom.Errorf(plantroom.CodeInvalid, "it threw something that cannot be shown")
	}
	return plantroom.Errorf(plantroom.CodeInvalid, "it threw %s", said(err))
}

// answer takes the prelude's answer apart.
func answer(out any) (json.RawMessage, error) {
	text, ok := out.(string)
	switch {
	case !ok || text == "":
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "it returned nothing")
	case text[0] == '!':
		return nil, failureText(text[1:])
	case len(text)-1 > codec.MaxOutput:
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "it returned %d bytes of JSON: at most %d", len(text)-1, codec.MaxOutput)
	}
	return json.RawMessage(text[1:]), nil
}

// failureText is failure for an error that the prelude has caught. The engine
// refuses memory with an error that a codec can catch.
func failureText(text string) error {
	if strings.Contains(text, "out of memory") {
		return plantroom.Errorf(plantroom.CodeInvalid, "it used more than %d MiB", codec.MaxMemory>>20)
	}
	return plantroom.Errorf(plantroom.CodeInvalid, "it %s", codec.Clip(text))
}
