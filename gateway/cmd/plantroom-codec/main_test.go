package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestItAnswersUntilItsInputEnds(t *testing.T) {
	for _, c := range []struct {
		args []string
		in   string
		code int
		out  string // or a part of it where it begins with "…"
	}{
		{[]string{"version"}, "", exitOK, "plantroom-codec devel\n"},
		{[]string{"help"}, "", exitOK, usage},
		{nil, "", exitUsage, ""},
		{[]string{"serve", "x"}, "", exitUsage, ""},
		{[]string{"serve"}, "", exitOK, `{"protocol":1,"version":"devel"}` + "\n"},
		{[]string{"serve"}, "nonsense\n", exitFailed, `…"protocol":1`},
	} {
		var out, errs bytes.Buffer
		code := run(c.args, strings.NewReader(c.in), &out, &errs)
		part, some := strings.CutPrefix(c.out, "…")
		if code != c.code || some && !strings.Contains(out.String(), part) || !some && out.String() != c.out || (code != exitOK) != (errs.Len() > 0) {
			t.Errorf("%v: code %d, printed %q and %q; want %d, %q", c.args, code, out.String(), errs.String(), c.code, c.out)
		}
	}
}
