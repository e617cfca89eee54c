package joblink_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/joblink"
)

var (
	issued  = plantroom.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	expires = issued.Add(24 * time.Hour)
)

func newKey(t testing.TB) *joblink.Key {
	t.Helper()
	k, err := joblink.LoadOrCreateKey(filepath.Join(t.TempDir(), "joblink.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestATokenGivesBackWhatWasSigned(t *testing.T) {
	k := newKey(t)
	token := k.Sign("wo-000017", "quicklift", 3, expires)
	got, err := k.Verify(token, issued)
	want := joblink.Claims{Order: "wo-000017", Contractor: "quicklift", Generation: 3, Expires: expires}
	if err != nil || got != want {
		t.Fatalf("got %+v, %v; want %+v", got, err, want)
	}
	if again := k.Sign("wo-000017", "quicklift", 3, expires); again != token {
		t.Error("signing the same again gave another link, so a repeated call would not be a repeat")
	}
}

func TestATokenStandsInAURLUnescaped(t *testing.T) {
	token := newKey(t).Sign("wo-000017", "quick-lift.2_b", 3, expires)
	if got := url.PathEscape(token); got != token {
		t.Errorf("escaped to %s", got)
	}
	if got := url.QueryEscape(token); got != token {
		t.Errorf("escaped to %s", got)
	}
}

func TestTheLongestTokenIsWithinTheLimit(t *testing.T) {
	k := newKey(t)
	longest := strings.Repeat("x", plantroom.MaxID)
	token := k.Sign(plantroom.OrderID(longest), plantroom.ContractorID(longest), 1<<31-1, 1<<63-1)
	if len(token) > joblink.MaxToken {
		t.Fatalf("%d bytes, the limit is %d", len(token), joblink.MaxToken)
	}
	if _, err := k.Verify(token, issued); err != nil {
		t.Error(err)
	}
}

func TestATokenEndsAtItsExpiry(t *testing.T) {
	k := newKey(t)
	token := k.Sign("wo-000017", "quicklift", 3, expires)
	if _, err := k.Verify(token, expires-1); err != nil {
		t.Errorf("a nanosecond before: %v", err)
	}
	c, err := k.Verify(token, expires)
	if plantroom.CodeOf(err) != plantroom.CodeExpired {
		t.Errorf("at the expiry: %v, want expired", err)
	}
	if c.Order != "wo-000017" {
		t.Error("an expired link still says which order it was for, so that the page can say so")
	}
}

func TestATokenIsVoidWithAnyByteChanged(t *testing.T) {
	k := newKey(t)
	token := k.Sign("wo-000017", "quicklift", 3, expires)
	for i := range len(token) {
		for _, c := range []byte{token[i] ^ 1, token[i] ^ 0x20, '~', 'A'} {
			if c == token[i] {
				continue
			}
			forged := token[:i] + string([]byte{c}) + token[i+1:]
			if _, err := k.Verify(forged, issued); plantroom.CodeOf(err) != plantroom.CodeInvalid {
				t.Fatalf("byte %d as %q: %v, want invalid", i, c, err)
			}
		}
	}
}

func TestATokenOfAnotherKeyIsInvalid(t *testing.T) {
	token := newKey(t).Sign("wo-000017", "quicklift", 3, expires)
	if _, err := newKey(t).Verify(token, issued); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("got %v", err)
	}
}

func TestTheKeyIsMadeOnceAndReadableByItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "joblink.pem")
	var (
		wg     sync.WaitGroup
		tokens [8]string
	)
	for i := range tokens {
		wg.Go(func() {
			k, err := joblink.LoadOrCreateKey(path)
			if err != nil {
				t.Error(err)
				return
			}
			tokens[i] = k.Sign("wo-000001", "quicklift", 1, expires)
		})
	}
	wg.Wait()
	for _, tok := range tokens {
		if tok != tokens[0] {
			t.Fatal("two processes that started at once use different keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
}

func TestAKeyThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "joblink.pem")
	if _, err := joblink.LoadOrCreateKey(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err := joblink.LoadOrCreateKey(path)
	if plantroom.CodeOf(err) != plantroom.CodeForbidden || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("got %v, want it refused with the way out", err)
	}
}

func TestAFileThatIsNoKeyIsRefusedAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "joblink.pem")
	if err := os.WriteFile(path, []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := joblink.LoadOrCreateKey(path); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("got %v, want invalid", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "not a key" {
		t.Error("the file was overwritten")
	}
}

func TestAMissingFolderIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "absent", "joblink.pem")
	_, err := joblink.LoadOrCreateKey(path)
	var e *plantroom.Error
	if !errors.As(err, &e) || !strings.Contains(e.Message, path) || e.Hint == "" {
		t.Errorf("got %v, want the path and what to do", err)
	}
}

func FuzzVerify(f *testing.F) {
	k := newKey(f)
	good := k.Sign("wo-000017", "quicklift", 3, expires)
	for _, s := range []string{good, "", "~", "j1~~~~~", good + "~", good[:len(good)-1], strings.Repeat("~", 400), strings.ToUpper(good)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if c, err := k.Verify(token, issued); err == nil && token != good {
			t.Fatalf("%q was never signed and verifies as %+v", token, c)
		}
	})
}
