package clock

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"plantroom"
)

// maxError is the kernel's bound of the clock's error, in µs, from which on
// nobody keeps it (NTP_PHASE_LIMIT). It grows by 500 µs a second, so that a
// machine without a network counts as synchronised for nine hours.
const maxError = 16_000_000

// System asks this machine.
func System() Moment {
	m := Moment{ID: bootID()}
	m.Wall, m.Boot = clocks()
	keepers.ask(&m)
	return m
}

// keeping is who keeps the system's clock right, as it was asked last. Look
// wants it anew each second; the time alone, which goes beside each batch, is
// not worth two more system calls.
type keeping struct {
	mu           sync.Mutex
	asked        time.Duration // when, since the start of the machine
	synced, kept bool
}

var keepers = keeping{asked: -time.Hour}

// ask fills in who keeps the clock.
func (k *keeping) ask(m *Moment) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if m.Boot-k.asked >= lookEvery/2 {
		k.asked = m.Boot
		var t unix.Timex
		_, err := unix.Adjtimex(&t)                    // reading needs no privilege
		k.synced = err != nil || t.Maxerror < maxError // who may not ask cannot know better than the machine
		k.kept = !k.synced && kept("/sys/class/rtc", m.Wall)
	}
	m.Synced, m.Kept = k.synced, k.kept
}

// clocks reads two clocks at one moment: a reading in between which somebody
// else had the processor is made again.
func clocks() (wall plantroom.Instant, boot time.Duration) {
	for range 5 {
		var before, at, after unix.Timespec
		if unix.ClockGettime(unix.CLOCK_BOOTTIME, &before) != nil || unix.ClockGettime(unix.CLOCK_REALTIME, &at) != nil ||
			unix.ClockGettime(unix.CLOCK_BOOTTIME, &after) != nil {
			break // Linux has had both since 2.6.39
		}
		wall, boot = plantroom.Instant(at.Nano()), time.Duration(before.Nano())
		if after.Nano()-before.Nano() < 100_000 {
			break
		}
	}
	return wall, boot
}

// bootID is the kernel's name of this boot. Where it cannot be read this
// process is taken for a boot of its own.
var bootID = sync.OnceValue(func() (id BootID) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err == nil {
		_, err = hex.Decode(id[:], []byte(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", "")))
	}
	if err != nil {
		_, _ = rand.Read(id[:]) // it never fails
	}
	return id
})

// kept reports whether one of the machine's clocks that run without power shows
// what the system's clock shows. One that has lost its power starts at some
// year of its own, while the system's clock is put forward to a time that a
// file remembers. A PC, or a virtual one, that shows no such clock has it all
// the same: its kernel read it before anything else.
func kept(dir string, wall plantroom.Instant) bool {
	const apart = 3 * time.Second // it counts seconds, and was read some time before
	all, _ := os.ReadDir(dir)     // none where there is no such directory
	for _, entry := range all {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name(), "since_epoch"))
		if err != nil {
			continue
		}
		s, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err == nil && time.Unix(s, 0).Sub(wall.Time()).Abs() < apart {
			return true
		}
	}
	return len(all) == 0 && (runtime.GOARCH == "amd64" || runtime.GOARCH == "386")
}
