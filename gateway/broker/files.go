package broker

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"sync"

	"plantroom"
)

// TLS names PEM files. A file that has changed is read again, so that a
// renewed certificate is used without a restart.
type TLS struct {
	Cert     string `json:"cert,omitempty"` // who the gateway is
	Key      string `json:"key,omitempty"`
	ClientCA string `json:"client_ca,omitempty"` // devices need a certificate of it that names their account; "": they need none
}

// config reads the files.
func (t TLS) config() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read the broker's certificate", Message: "tls cert and key", Err: err,
			Hint: "both are PEM files, and belong together"}
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if t.ClientCA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(t.ClientCA)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read the devices' authority", Message: "tls client_ca", Err: err}
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	c.SessionTicketsDisabled = true // a ticket would outlive the authority that it was given under
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "tls client_ca %s holds no PEM certificate", t.ClientCA)
	}
	return c, nil
}

// fresh is a value that is read from files, and read again when one of them
// has changed. A change that cannot be read leaves the value as it was.
type fresh[T any] struct {
	files []string
	read  func() (T, error)

	mu    sync.Mutex
	stamp []os.FileInfo // nil for a file that is gone
	value T
	err   error // of the last reading
}

// unchanged compares two states of a file. A file put in another's place is
// another one even where time and size are the same: a system's clock for
// files ticks every few milliseconds.
func unchanged(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// get returns the value, and whether it has been read anew. While a reading
// fails the value is the one before, and the error says why.
func (f *fresh[T]) get() (value T, changed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := make([]os.FileInfo, len(f.files))
	same := f.stamp != nil
	for i, name := range f.files {
		if info, err := os.Stat(name); err == nil {
			now[i] = info
		}
		same = same && unchanged(now[i], f.stamp[i])
	}
	if same {
		return f.value, false, f.err
	}
	f.stamp = now
	v, err := f.read()
	if f.err = err; err == nil {
		f.value, changed = v, true
	}
	return f.value, changed, f.err
}
