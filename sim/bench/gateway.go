package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
)

// gatewayUnit is how a gateway runs on site.
const gatewayUnit = "packaging/gateway/plantroom-gateway.service"

// startGateway starts plantroom-gateway with a file, and with the timer slack
// that its unit gives it.
func (e *Env) startGateway(ctx context.Context, dir, file string) (*process, error) {
	program, err := e.program(ctx, "plantroom-gateway")
	if err != nil {
		return nil, err
	}
	slack, err := timerSlack(filepath.Join(e.Root, gatewayUnit))
	if err != nil {
		return nil, err
	}
	var p *process
	err = withTimerSlack(slack, func() (err error) {
		p, err = e.start(dir, "plantroom-gateway", program, "run", file)
		return err
	})
	return p, err
}

// timerSlack reads the timer slack from a unit of systemd.
func timerSlack(unit string) (time.Duration, error) {
	f, err := os.Open(unit)
	if err != nil {
		return 0, fmt.Errorf("read how the gateway runs on site: %w", err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "TimerSlackNSec="); ok {
			return time.ParseDuration(text)
		}
	}
	return 0, plantroom.Errorf(plantroom.CodeNotFound, "%s says nothing of TimerSlackNSec", unit)
}
