//go:build !race

package site_test

import "time"

// played is how much of the story is played: all of it, and its first hour again.
const played = 7 * time.Hour
