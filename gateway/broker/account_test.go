package broker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/internal/yamldoc"
)

func TestAnAccountsFile(t *testing.T) {
	password, secret := NewPassword()
	kept, _ := secret.MarshalText()
	for _, c := range []struct {
		name, text string
		fault      string // "" for none
	}{
		{"whole", "accounts:\n- {id: a, secret: SECRET, publish: [x/+, 'y/#'], subscribe: ['#']}\n", ""},
		{"no rights", "accounts: [{id: a, secret: SECRET}]", ""},
		{"nobody", "accounts: []", ""},
		{"empty", "", "1:1"},
		{"not YAML", "accounts: [", "1:"},
		{"another key", "accounts: []\nfoo: 1", `2:1: foo: the key "foo" is not known`},
		{"no secret", "accounts: [{id: a}]", `"secret" is missing`},
		{"twice", "accounts:\n- {id: a, secret: SECRET}\n- {id: a, secret: SECRET}", `3:4: accounts.1.id: "a" is there twice; remove one of them`},
		{"bad id", "accounts: [{id: A, secret: SECRET}]", "1:13: accounts.0.id"},
		{"clear password", "accounts: [{id: a, secret: hunter2}]", "device add"},
		{"short sum", "accounts: [{id: a, secret: 'sha256:AAAAAAAAAAAAAAAAAAAAAA:AAAA'}]", "does not have the right form"},
		{"loose end", "accounts: [{id: a, secret: 'sha256:AAAAAAAAAAAAAAAAAAAAAB:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}]", "16 bytes"},
		{"no filter", "accounts:\n- id: a\n  secret: SECRET\n  publish: [ok, a/#/b]", `4:17: accounts.0.publish.1: "a/#/b" is no MQTT filter`},
		{"the broker's own", "accounts:\n- id: a\n  secret: SECRET\n  subscribe: [$SYS/#]", "begin with $"},
		{"too large", strings.Repeat("#", yamldoc.MaxSize+1), "keep it below"},
	} {
		all, err := ParseAccounts("f", []byte(strings.ReplaceAll(c.text, "SECRET", string(kept))))
		switch {
		case c.fault == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.fault == "" && all["a"] != nil && !all["a"].Secret.is([]byte(password)):
			t.Errorf("%s: the password does not fit", c.name)
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%s: got %v, want …%s…", c.name, err, c.fault)
		}
	}
}

// FuzzAccounts: whatever stands in the file, it is refused or its accounts can
// be used; what is added to it can be read again, and changes nothing else.
func FuzzAccounts(f *testing.F) {
	_, secret := NewPassword()
	kept, _ := secret.MarshalText()
	f.Add("accounts:\n  - id: a\n    secret: " + string(kept) + "\n    publish: [a/+]\n")
	f.Add("accounts: [{id: a, secret: 'sha256::'}]")
	f.Add("accounts:\n# none yet\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ParseAccounts("f", []byte(text))
		if err != nil {
			return
		}
		for id, a := range all {
			if a.ID != id || a.Secret.is(nil) {
				t.Errorf("%q: %+v", id, a)
			}
		}
		file := filepath.Join(t.TempDir(), "accounts.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := AddAccount(file, "zz-new", []string{"a/b"}, nil); err != nil {
			return // it says why, and has changed nothing
		}
		after, err := LoadAccounts(file)
		if err != nil || len(all) > 0 && len(after) != len(all)+1 || after["zz-new"] == nil {
			t.Errorf("after an addition: %v, %v", after, err)
		}
	})
}

func TestWhatAPersonHasWrittenStaysAsItIs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accounts.yaml")
	_, secret := NewPassword()
	kept, _ := secret.MarshalText()
	text := fmt.Sprintf("# block 1\naccounts:\n    - id: \"1\" # the leak\n      secret: %s", kept)
	if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	second, err := AddAccount(file, "2", []string{`a "quoted" topic`}, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := RenewAccount(file, "1")
	if err != nil {
		t.Fatal(err)
	}
	all, err := LoadAccounts(file)
	if err != nil || !all["1"].Secret.is([]byte(first)) || !all["2"].Secret.is([]byte(second)) || all["2"].Publish[0] != `a "quoted" topic` {
		t.Errorf("%v, %v", all, err)
	}
	b, _ := os.ReadFile(file)
	if !strings.HasPrefix(string(b), "# block 1\naccounts:\n    - id: \"1\" # the leak\n") {
		t.Errorf("the file is now\n%s", b)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	var faults yamldoc.Faults
	if err := os.WriteFile(file, []byte("accounts: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := AddAccount(file, "3", nil, nil); !errors.As(err, &faults) {
		t.Errorf("a faulty file: %v", err)
	}
}

func TestRetainedMessagesAreBounded(t *testing.T) {
	var r retained
	for i := range maxRetained {
		if !r.keep(fmt.Sprint("topic/", i), 10) {
			t.Fatalf("message %d is not retained", i)
		}
	}
	if r.keep("one/more", 10) || !r.keep("topic/7", 20) {
		t.Error("the bound on topics does not hold, or holds for what is retained already")
	}
	if r.keep("topic/8", maxRetainedBytes) {
		t.Error("the bound on bytes does not hold")
	}
	if r.keep("topic/8", 0); !r.keep("one/more", 10) {
		t.Error("a removed message still counts")
	}
}

func TestClientsCannotFillTheLog(t *testing.T) {
	var l loudness
	for i := range 3 * maxKinds {
		l.allow(fmt.Sprint("kind ", i), noon)
	}
	if len(l.kinds) > maxKinds {
		t.Errorf("%d kinds are remembered", len(l.kinds))
	}
	l.allow("again", noon)
	for range 41 {
		if _, ok := l.allow("again", noon); ok {
			t.Fatal("it is said again at once")
		}
	}
	if left, ok := l.allow("again", noon.Add(loudPause)); !ok || left != 41 {
		t.Errorf("later: %d left out, %t", left, ok)
	}
}
