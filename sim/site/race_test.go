//go:build race

package site_test

import "time"

// played is how much of the story is played: the race detector makes it slow.
const played = 90 * time.Minute
