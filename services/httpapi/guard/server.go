package guard

import (
	"log/slog"
	"net/http"
	"time"
)

// NewServer makes an http.Server with limits on how long a client may take.
// Event streams extend their write deadline themselves.
func NewServer(address string, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Addr: address, Handler: h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    80 << 10, // a thousand ids in a question about the past
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
