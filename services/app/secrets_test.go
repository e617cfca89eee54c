package app

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"plantroom"
)

func newSecrets(t *testing.T) secrets {
	t.Helper()
	s := secrets{filepath.Join(t.TempDir(), "data", "secrets")}
	if err := s.make(); err != nil {
		t.Fatal(err)
	}
	return s
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
		t.Errorf("%s: %v, %v; want mode %v", path, info.Mode(), err, want)
	}
}

func TestASecretIsMadeOnceAndForItsOwnerOnly(t *testing.T) {
	s := newSecrets(t)
	first, err := s.ensure("mqtt-gw-b1")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := base64.StdEncoding.DecodeString(first); err != nil || len(b) != 32 {
		t.Errorf("the secret is %d bytes in base64 (%v), want 32", len(b), err)
	}
	if again, err := s.ensure("mqtt-gw-b1"); again != first || err != nil {
		t.Errorf("the second time it is another one (%v)", err)
	}
	if other, err := s.ensure("mqtt-gw-b2"); other == first || err != nil {
		t.Errorf("two gateways have one secret (%v)", err)
	}
	wantMode(t, s.dir, 0o700)
	wantMode(t, filepath.Dir(s.dir), 0o700)
	wantMode(t, s.path("mqtt-gw-b1"), 0o600)
}

func TestADirectoryThatStandsOpenIsClosed(t *testing.T) {
	s := secrets{t.TempDir()}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.make(); err != nil {
		t.Fatal(err)
	}
	wantMode(t, s.dir, 0o700)
}

func TestOfManyWhoMakeASecretAllGetTheSame(t *testing.T) {
	s := newSecrets(t)
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[string]int{}
	for range 32 {
		wg.Go(func() {
			text, err := s.ensure("shared")
			if err != nil {
				text = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			got[text]++
		})
	}
	wg.Wait()
	if len(got) != 1 {
		t.Errorf("they got %v", got)
	}
	if files, err := os.ReadDir(s.dir); err != nil || len(files) != 1 {
		t.Errorf("the directory holds %v (%v), want the secret alone", files, err)
	}
}

func TestASecretThatCannotBeTrustedIsRefusedByName(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		mode    fs.FileMode
		code    plantroom.Code
	}{
		"half written":           {"", 0o600, plantroom.CodeInvalid},
		"an empty first line":    {"\nc2VjcmV0", 0o600, plantroom.CodeInvalid},
		"readable by the group":  {"c2VjcmV0", 0o640, plantroom.CodeForbidden},
		"readable by all":        {"c2VjcmV0", 0o604, plantroom.CodeForbidden},
		"writable by all others": {"c2VjcmV0", 0o602, plantroom.CodeForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSecrets(t)
			if err := os.WriteFile(s.path("x"), []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(s.path("x"), c.mode); err != nil { // whatever the umask says
				t.Fatal(err)
			}
			text, err := s.ensure("x")
			if text != "" || plantroom.CodeOf(err) != c.code || !strings.Contains(err.Error(), s.path("x")) || strings.Contains(err.Error(), "c2Vj") {
				t.Errorf("got %q, %v", text, err)
			}
			if b, err := os.ReadFile(s.path("x")); err != nil || string(b) != c.content {
				t.Errorf("the file was touched: %q, %v", b, err)
			}
		})
	}
}

func hooks(contractor, person string) plantroom.Estate {
	return plantroom.Estate{
		Contractors: []plantroom.Contractor{{ID: "quicklift", Channels: []plantroom.Address{{Channel: "mqtt", To: "quicklift"}, {Channel: "webhook", To: contractor}}}},
		People:      []plantroom.Person{{ID: "lin", Channels: []plantroom.Address{{Channel: "webhook", To: person}}}},
	}
}

func TestEachWebhookHasASecretOfItsOwnBeforeItsFirstCall(t *testing.T) {
	s := newSecrets(t)
	secret, err := s.webhooks(hooks("https://quicklift.example", "https://lin.example"))
	if err != nil {
		t.Fatal(err)
	}
	for to, file := range map[string]string{"https://quicklift.example": "webhook-contractor-quicklift", "https://lin.example": "webhook-person-lin"} {
		text, err := s.read(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := secret(to); err != nil || base64.StdEncoding.EncodeToString(got) != text {
			t.Errorf("%s is not signed with %s (%v)", to, file, err)
		}
	}
	if files, err := os.ReadDir(s.dir); err != nil || len(files) != 2 {
		t.Errorf("the directory holds %v (%v), want two secrets", files, err)
	}
	if _, err := secret("https://nobody.example"); plantroom.CodeOf(err) != plantroom.CodeNotFound {
		t.Errorf("an address that is nobody's: %v", err)
	}
}

func TestAWebhookThatTwoHaveIsTheContractors(t *testing.T) {
	s := newSecrets(t)
	if _, err := s.webhooks(hooks("https://both.example", "https://both.example")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.read("webhook-contractor-quicklift"); err != nil {
		t.Error(err)
	}
	if _, err := s.read("webhook-person-lin"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the person has a secret, too, that nothing is signed with (%v)", err)
	}
}

func TestAWebhooksSecretMayBeExchangedButNotSpoiled(t *testing.T) {
	s := newSecrets(t)
	secret, err := s.webhooks(hooks("https://quicklift.example", "https://lin.example"))
	if err != nil {
		t.Fatal(err)
	}
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(s.path("webhook-person-lin"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := strings.Repeat("k", 24)
	for _, form := range []string{"%", "whsec_%", "%\n", "%\r\n# the one of March\n", " % \n"} {
		put(strings.ReplaceAll(form, "%", base64.StdEncoding.EncodeToString([]byte(key))))
		if got, err := secret("https://lin.example"); string(got) != key || err != nil {
			t.Errorf("%q gives %q, %v", form, got, err)
		}
	}
	for name, text := range map[string]string{
		"not base64": "it's a secret!", "too short": base64.StdEncoding.EncodeToString([]byte(key[1:])),
		"too long": base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 65))), "cut off": "a2tra2tra2tra2tra2tra2tra2tra2tr=",
	} {
		put(text)
		got, err := secret("https://lin.example")
		if got != nil || plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), s.path("webhook-person-lin")) ||
			strings.Contains(err.Error(), strings.TrimSpace(text)) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, err := s.webhooks(hooks("https://quicklift.example", "https://lin.example")); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s, at a start: %v", name, err)
		}
	}
	if err := os.Remove(s.path("webhook-person-lin")); err != nil {
		t.Fatal(err)
	}
	if _, err := secret("https://lin.example"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("gone: %v; a new one that nobody was told would be refused by the receiver", err)
	}
}
