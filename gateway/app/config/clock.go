package config

import (
	"time"

	"plantroom"
	"plantroom/gateway/clock"
)

// Clock says whom to believe about the time.
type Clock struct {
	Trust clock.Trust         `json:"trust,omitempty"` // auto, ntp, always
	Wait  *plantroom.Duration `json:"wait,omitempty"`  // 0s: readings do not wait
}

// maxWait bounds how long readings may wait for the clock.
const maxWait = 10 * time.Minute

// Options are those of the gateway's clock; nil: the usual ones.
func (c *Clock) Options() clock.Options {
	o := clock.Options{}
	if c == nil {
		return o
	}
	o.Trust = c.Trust
	switch {
	case c.Wait == nil:
	case *c.Wait <= 0:
		o.Wait = -1
	default:
		o.Wait = time.Duration(*c.Wait)
	}
	return o
}

// Same reports whether two sections mean the same.
func (c *Clock) Same(as *Clock) bool {
	is, was := c.Options(), as.Options()
	return is.Trust == was.Trust && is.Wait == was.Wait
}
