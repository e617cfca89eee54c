package mqttconn

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"plantroom"
)

// Options says how to reach a broker. It is a part of the files of gateway and server.
type Options struct {
	URL          string `json:"broker"`                  // tcp://host:1883 or tls://host:8883
	ClientID     string `json:"client_id,omitempty"`     // the broker admits one connection per client id
	Username     string `json:"username,omitempty"`      // with PasswordFile
	PasswordFile string `json:"password_file,omitempty"` // its first line is the password; read at each connect
	TLS          TLS    `json:"tls,omitzero"`
}

// TLS names PEM files. They are read at each connect, so that a renewed
// certificate is used without a restart.
type TLS struct {
	CA   string `json:"ca,omitempty"`   // whom to believe; "": the system's authorities
	Cert string `json:"cert,omitempty"` // who we are
	Key  string `json:"key,omitempty"`
}

// Check reports everything that keeps these options from being used, without
// touching the network: the address, the files and what is in them.
func (o *Options) Check() error {
	var all error
	for _, p := range o.Problems() {
		all = errors.Join(all, p.Err)
	}
	return all
}

// Problem is what is wrong with one key of the options.
type Problem struct {
	Key string // as in the file: broker, password_file, tls
	Err error
}

// Problems is Check, key by key.
func (o *Options) Problems() []Problem {
	var all []Problem
	note := func(key string, err error) {
		if err != nil {
			all = append(all, Problem{key, err})
		}
	}
	_, secure, err := o.address()
	note("broker", err)
	_, bad := o.password()
	if bad == nil && o.PasswordFile != "" && o.Username == "" {
		bad = invalid("add username, or remove password_file", "a password without a user name: MQTT forbids it") // [MQTT-3.1.2-22]
	}
	note("password_file", bad)
	switch {
	case err == nil && secure:
		_, bad = o.tlsConfig()
		note("tls", bad)
	case err == nil && o.TLS != (TLS{}):
		note("tls", invalid("write tls://, or remove tls", "tls is given, but %s does not use it", o.URL))
	}
	return all
}

// address splits the URL into host:port and whether to speak TLS.
func (o *Options) address() (addr string, secure bool, err error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" {
		return "", false, invalid("write it like that", "broker %q is not like tcp://host:1883 or tls://host:8883", o.URL)
	}
	port := "1883"
	switch u.Scheme {
	case "tcp", "mqtt":
	case "tls", "ssl", "mqtts":
		secure, port = true, "8883"
	default:
		return "", false, invalid("write tcp://host:1883 or tls://host:8883", "broker %q: scheme %q is not tcp or tls", o.URL, u.Scheme)
	}
	if u.User != nil || strings.Trim(u.Path, "/") != "" {
		return "", false, invalid("use username and password_file, and no path", "broker %q holds more than scheme, host and port", u.Redacted())
	}
	if u.Port() != "" {
		port = u.Port()
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", false, invalid("give one from 1 to 65535", "broker %q: there is no port %.40s", o.URL, port)
	}
	return net.JoinHostPort(u.Hostname(), port), secure, nil
}

// Server returns host:port of the broker, the same for each way to write it;
// "": it cannot be used.
func (o *Options) Server() string {
	addr, _, err := o.address()
	if err != nil {
		return ""
	}
	return strings.ToLower(addr)
}

// password reads the password file.
func (o *Options) password() (string, error) {
	if o.PasswordFile == "" {
		return "", nil
	}
	b, err := os.ReadFile(o.PasswordFile)
	if err != nil {
		return "", &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read the broker's password", Message: "password_file", Err: err,
			Hint: "name a file that this user can read; its first line is the password"}
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

// tlsConfig reads the TLS files.
func (o *Options) tlsConfig() (*tls.Config, error) {
	addr, _, err := o.address()
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(addr)
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if o.TLS.CA != "" {
		pem, err := os.ReadFile(o.TLS.CA)
		if err != nil {
			return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read the broker's authority", Message: "tls ca", Err: err, Hint: "name a PEM file that this user can read"}
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, invalid("name a file of PEM certificates", "tls ca %s holds no PEM certificate", o.TLS.CA)
		}
	}
	if (o.TLS.Cert == "") != (o.TLS.Key == "") {
		return nil, invalid("give both", "tls cert and key belong together: one of them is missing")
	}
	if o.TLS.Cert != "" {
		pair, err := tls.LoadX509KeyPair(o.TLS.Cert, o.TLS.Key)
		if err != nil {
			return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read the client certificate", Message: "tls cert and key", Err: err,
				Hint: "name the PEM files of a certificate and of its key, which this user can read"}
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// invalid is an error about an option, with what to do about it.
func invalid(hint, format string, args ...any) error {
	e := plantroom.Errorf(plantroom.CodeInvalid, format, args...)
	e.Hint = hint
	return e
}
