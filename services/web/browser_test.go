package web_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"plantroom"
	"plantroom/internal/parts"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/apitest"
)

var screens = flag.String("screens", "", "write pictures of the pages to this directory, to look at")

// command is what a contractor's technician presses.
func command(o plantroom.WorkOrder, do plantroom.OrderAction, by string) dispatch.Command {
	return dispatch.Command{Order: o.ID, Do: do, Actor: "contractor:" + string(o.Contractor), By: by}
}

// openBrowser starts a browser of its own, or ends the test where there is none.
func openBrowser(t *testing.T, opts ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path := parts.Program(t, "chromium", "chromium")
	all := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(all, opts...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the first run starts the browser and must have no deadline
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// signInBrowser signs the operator in by typing.
func signInBrowser(s *site) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(
		chromedp.Navigate(s.server.URL+"/login"),
		chromedp.SendKeys(`input[name=token]`, apitest.Token+"\r"),
		chromedp.WaitVisible(`#board`),
	)
}

// TestPictures writes every page in every light and size, for people to look
// at: go test ./services/web -run Pictures -screens DIR
func TestPictures(t *testing.T) {
	if *screens == "" {
		t.Skip("give -screens DIR to have pictures of the pages written there")
	}
	s := newSite(t)
	o := badMonth(s)
	st := o["late"]
	s.signIn()
	april := "/statements/quicklift-2026/2026-03"
	s.press(april + "/issue")
	s.press(april+"/object", "line", string(st.ID)+".1.attend", "by", "Wu Gang", "reason", "the gate was locked and nobody had the key")
	o = s.busyMorning()
	s.Planned("painting")
	s.Planned("ropes")
	s.Owes()
	s.complained()
	s.press("/works/ropes/cancel", "reason", "the ropes have not come")
	s.GiveUp(plantroom.WorkOrder{ID: "painting"}, "post http://…: connection refused")
	if _, err := s.Command(t.Context(), dispatch.Command{Order: o["leak"].ID, Do: plantroom.DoPause, Actor: "contractor:office", By: "Sun Jie", Code: "no_access", Proof: "photo 7", Reason: "nobody has the key"}); err != nil {
		t.Log(err)
	}
	s.GiveUp(o["door"], "post http://…: connection refused")
	s.must(o["bin"], plantroom.DoAcknowledge, "Sun Jie", 30)
	s.photographed(o["leak"])
	pages := map[string]string{"job-steps": s.JobPath(o["leak"]) + "/steps", "order-leak": "/orders/" + string(o["leak"].ID), "board": "/", "order": "/orders/" + string(o["trapped"].ID), "order-door": "/orders/" + string(o["door"].ID),
		"asset": "/assets/b2-l1", "statements": "/statements", "statement": april, "cases": "/cases", "case": "/cases/case-000001", "case-complaint": "/cases/case-000002", "case-new": "/cases/new", "works": "/works", "work": "/works/painting", "announce": "/announce", "quarantine": "/quarantine", "login": "/login",
		"job-accept": s.JobPath(o["door"]), "job-arrive": s.JobPath(o["trapped"]), "job-fix": s.JobPath(o["leak"]), "job-proving": s.JobPath(o["proving"]), "job-bad": "/job/x"}
	sizes := map[string][2]int64{"phone": {390, 844}, "wall": {1920, 1080}, "desk": {1280, 800}}
	for light, flagValue := range map[string]bool{"light": false, "dark": true} {
		var opts []chromedp.ExecAllocatorOption
		if flagValue {
			opts = append(opts, chromedp.Flag("blink-settings", "preferredColorScheme=0"))
		}
		ctx := openBrowser(t, opts...)
		if err := chromedp.Do(ctx, signInBrowser(s)); err != nil {
			t.Fatal(err)
		}
		for name, path := range pages {
			for size, wh := range sizes {
				for _, lang := range []string{"en", "zh"} {
					if lang == "zh" && size != "phone" && name != "board" {
						continue
					}
					err := chromedp.Do(ctx, chromedp.EmulateViewport(wh[0], wh[1]), chromedp.Navigate(s.server.URL+path+"?lang="+lang))
					if err != nil {
						t.Fatal(err)
					}
					png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(*screens, name+"-"+size+"-"+light+"-"+lang+".png"), png, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}

// watch fails the test for anything that a page writes to its console: a
// script error, a blocked inline style, a file that is missing.
func watch(t *testing.T, ctx context.Context) { watchBut(t, ctx, "") }

// watchBut is watch for a test that provokes one kind of refusal, which the
// browser writes to the console.
func watchBut(t *testing.T, ctx context.Context, expected string) {
	t.Helper()
	messages := chromedp.Console(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			if expected != "" && strings.Contains(m.Text, expected) {
				continue
			}
			if m.IsException() || m.Type == "error" || m.Type == "warning" {
				t.Errorf("the console says: %s %s (%s)", m.Type, m.Text, m.URL)
			}
		}
	}()
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); <-done })
}

// waitText waits until an element of the page holds a text.
func waitText(selector, want string) chromedp.Action[chromedp.Void] {
	return chromedp.Poll[chromedp.Void](`document.querySelector(` + strconv.Quote(selector) + `)?.textContent.includes(` + strconv.Quote(want) + `)`)
}

// waitPage waits for an element with a text on a page that a press leads to.
func waitPage(selector, want string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(`//*[contains(@class, "` + strings.TrimPrefix(strings.TrimPrefix(selector, "button"), ".") + `") and contains(., "` + want + `")]`)
}

func TestTheBoardFollowsAnOrderWithoutBeingAsked(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	ctx := openBrowser(t)
	watch(t, ctx)
	if err := chromedp.Do(ctx, signInBrowser(s), waitText(".card .who", "nobody has answered")); err != nil {
		t.Fatal(err)
	}
	// The script reads the board once when its stream opens; only after that
	// does a change on the page come from an event.
	settled := chromedp.Poll[chromedp.Void](`performance.getEntriesByType("resource").some(e => e.name.endsWith("/board"))`)
	if err := chromedp.Do(ctx, settled); err != nil {
		t.Fatal(err)
	}
	// The focus is on the order while the board is replaced below it.
	if err := chromedp.Do(ctx, chromedp.Focus("#"+string(o.ID))); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s.must(o, plantroom.DoAcknowledge, "Li Qiang", 10)
	if err := chromedp.Do(ctx, waitText(".card .who", "Li Qiang (Quicklift Services) is coming")); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s: that was the timer, not the event", took)
	}
	if id, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.activeElement.id`)); err != nil || id != string(o.ID) {
		t.Errorf("the focus went to %q, %v", id, err)
	}
	s.Open(apitest.Fault{Rule: "lift.entrapment", Asset: "b2-l1", Cause: "entrapment", Severity: plantroom.Life, Detail: "alarm", Needed: 3})
	if err := chromedp.Do(ctx, waitText(".card:first-child h3", "Lift 1, block 2"), waitText("#announce", "open orders: 2")); err != nil {
		t.Fatal(err)
	}
}

func TestTheBoardIsWorkedByKeyboard(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	ctx := openBrowser(t)
	watch(t, ctx)
	// From the top: the skip link leads past the menu, and the first order is
	// the first thing behind the figures.
	err := chromedp.Do(ctx, signInBrowser(s), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter),
		chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab))
	if err != nil {
		t.Fatal(err)
	}
	if id, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.activeElement.id`)); err != nil || id != string(o.ID) {
		t.Fatalf("two steps behind the skip link the focus is on %q, %v", id, err)
	}
	if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("article.order")); err != nil {
		t.Fatal(err)
	}
}

func TestALostConnectionIsSeenAndSoIsItsReturn(t *testing.T) {
	s := newSite(t)
	ctx := openBrowser(t)
	if err := chromedp.Do(ctx, signInBrowser(s), chromedp.WaitNotVisible("#lost")); err != nil {
		t.Fatal(err)
	}
	s.cut(true)
	if err := chromedp.Do(ctx, chromedp.WaitVisible("#lost"), waitText("#lost", "Connection lost")); err != nil {
		t.Fatal(err)
	}
	s.cut(false)
	if err := chromedp.Do(ctx, chromedp.WaitNotVisible("#lost")); err != nil {
		t.Fatal(err)
	}
}

func TestATechniciansPhoneFromAcceptToFixWithTheKeyboardAlone(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	ctx := openBrowser(t)
	watch(t, ctx)
	keys := func(k string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(k) }
	err := chromedp.Do(ctx, chromedp.EmulateViewport(320, 568, chromedp.EmulateMobile), chromedp.Navigate(s.server.URL+s.JobPath(o)),
		chromedp.WaitVisible("#by"), keys(kb.Tab), keys("Li Qiang"), keys(kb.Tab), keys(kb.Tab), keys(kb.Enter),
		waitPage(".by", "Accepted by Li Qiang"), keys(kb.Tab), keys(kb.Enter),
		waitPage("button.main", "It is fixed"), keys(kb.Tab), keys("roller replaced"), keys(kb.Tab), keys(kb.Tab), keys(kb.Enter), // past the photos
		waitPage(".good", "The sensor is now checking"))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Order(o.ID); got.State != plantroom.Restored || got.By != "Li Qiang" || got.FixNote != "roller replaced" {
		t.Errorf("it is %s by %q with %q", got.State, got.By, got.FixNote)
	}
	if wide, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)); err != nil || wide {
		t.Errorf("the page is wider than a small phone: %v, %v", wide, err)
	}
}

func TestATechniciansPhoneTicksAStepOffWithAPhoto(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	s.must(o, plantroom.DoAcknowledge, "Li Qiang", 10)
	shot := filepath.Join(t.TempDir(), "IMG_20260302.jpg")
	if err := os.WriteFile(shot, []byte(photo(t, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := openBrowser(t)
	watch(t, ctx)
	err := chromedp.Do(ctx, chromedp.EmulateViewport(320, 568, chromedp.EmulateMobile), chromedp.Navigate(s.server.URL+s.JobPath(o)),
		chromedp.Click("a.button"), chromedp.Click("#step-notice summary"), chromedp.SendKeys("#note-notice", "at all landings"),
		chromedp.SetUploadFiles("#file-notice", []string{shot}), chromedp.Click("#step-notice button"),
		chromedp.WaitVisible("#step-notice.ticked"), waitText("#step-notice", "at all landings"), waitText("#files", "Photo, "))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Order(o.ID).Tasks[1]; got.By != "Li Qiang" || len(got.Files) != 1 || got.Files[0].String() != sumOf(photo(t, 1)) {
		t.Errorf("%+v", got)
	}
	if wide, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)); err != nil || wide {
		t.Errorf("the page is wider than a small phone: %v, %v", wide, err)
	}
	// The photo shows as a picture, on its own and on the office's page.
	err = chromedp.Do(ctx, chromedp.Click("#files a"), chromedp.WaitVisible("img"), signInBrowser(s), chromedp.Navigate(s.server.URL+"/orders/"+string(o.ID)), chromedp.ScrollIntoView("#files"),
		chromedp.Poll[chromedp.Void](`document.querySelector("#files img")?.naturalWidth === 320`))
	if err != nil {
		t.Fatal(err)
	}
}

func TestTwoPhonesPressAtOnce(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	names := []string{"Li Qiang", "Wu Gang"}
	ready, replies := make([]context.Context, len(names)), make([]string, len(names))
	for i, name := range names {
		ready[i] = openBrowser(t)
		watchBut(t, ready[i], "409 (Conflict)")
		if err := chromedp.Do(ready[i], chromedp.Navigate(s.server.URL+s.JobPath(o)), chromedp.SendKeys("#by", name)); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for i := range ready {
		all.Go(func() {
			if err := chromedp.Do(ready[i], chromedp.Click("button.main"), chromedp.WaitVisible(".by")); err != nil {
				t.Errorf("%s: %v", names[i], err)
				return
			}
			replies[i], _ = chromedp.Run(ready[i], chromedp.Text("body"))
		})
	}
	all.Wait()
	winner := s.Order(o.ID).By
	for i, name := range names {
		first := strings.Contains(replies[i], winner+" was first")
		if !strings.Contains(replies[i], "Accepted by "+winner) || first == (name == winner) {
			t.Errorf("%s sees, after %s has won: %s", name, winner, replies[i])
		}
	}
}

// TestEveryPageKeepsToItsPolicy opens every page and listens to the console.
func TestEveryPageKeepsToItsPolicy(t *testing.T) {
	s := newSite(t)
	o := s.busyMorning()
	s.Planned("painting")
	s.Owes()
	s.complained()
	ctx := openBrowser(t)
	watch(t, ctx)
	if err := chromedp.Do(ctx, signInBrowser(s)); err != nil {
		t.Fatal(err)
	}
	s.photographed(o["leak"])
	for _, path := range []string{"/orders/" + string(o["leak"].ID), s.JobPath(o["leak"]) + "/steps", "/", "/?lang=zh", "/orders/" + string(o["trapped"].ID), "/assets/b2-l1", "/quarantine", "/works", "/works/painting", "/announce", "/announce?lang=zh", "/cases", "/cases/case-000001", "/cases/case-000002?lang=zh", "/cases/new", "/statements", march, march + "?lang=zh", "/login", s.JobPath(o["door"]), s.JobPath(o["proving"])} {
		for _, width := range []int64{320, 1920} {
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800), chromedp.Navigate(s.server.URL+path)); err != nil {
				t.Fatal(err)
			}
			if wide, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)); err != nil || wide {
				t.Errorf("%s is wider than %d pixels: %v, %v", path, width, wide, err)
			}
		}
	}
}
