package influxd

import (
	"fmt"
	"path/filepath"
	"strconv"
)

// config is the child's configuration: durable (each write is synced before
// it is answered), quiet, bounded, and with every door but HTTP on loopback
// closed.
func config(dir, addr string, auth bool) string {
	q := func(elem ...string) string { return strconv.Quote(filepath.Join(append([]string{dir}, elem...)...)) }
	return fmt.Sprintf(`# Written by plantroom at each start; changes do not last.
reporting-disabled = true
bind-address = "127.0.0.1:0"

[meta]
  dir = %s
  logging-enabled = false

[data]
  dir = %s
  wal-dir = %s
  wal-fsync-delay = "0s"
  index-version = "tsi1"
  query-log-enabled = false

[coordinator]
  query-timeout = "60s"
  max-concurrent-queries = 64

[monitor]
  store-enabled = false

[subscriber]
  enabled = false

[continuous_queries]
  enabled = false

[http]
  enabled = true
  bind-address = %q
  auth-enabled = %t
  log-enabled = false
  flux-enabled = false
  pprof-enabled = false

[logging]
  format = "logfmt"
  level = "warn"
  suppress-logo = true
`, q("meta"), q("data"), q("wal"), addr, auth)
}
