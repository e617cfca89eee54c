package web_test

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/apitest"
)

var screens = flag.String("screens", "", "write pictures of the pages to this directory, to look at")

// command is what a contractor's technician presses.
func command(o plantroom.WorkOrder, do plantroom.OrderAction, by string) dispatch.Command {
	return dispatch.Command{Order: o.ID, Do: do, Actor: "contractor:" + string(o.Contractor), By: by}
}

// openBrowser starts a browser of its own, or skips where there is none.
func openBrowser(t *testing.T, opts ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine: install Debian's package chromium to run the browser tests")
	}
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
	o := s.busyMorning()
	s.GiveUp(o["door"], "post http://…: connection refused")
	s.must(o["bin"], plantroom.DoAcknowledge, "Sun Jie", 30)
	pages := map[string]string{"board": "/", "order": "/orders/" + string(o["trapped"].ID), "order-door": "/orders/" + string(o["door"].ID),
		"asset": "/assets/b2-l1", "quarantine": "/quarantine", "login": "/login",
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
