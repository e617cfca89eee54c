// Package email is the channel that delivers calls as plain-text e-mail through
// an SMTP server of the operator's.
//
// The Message-ID is made of the call's id, and stays the same over all tries: a
// mail system that drops repeats by it drops ours. TLS is wanted by default,
// either from the start (implicit, RFC 8314) or by STARTTLS, and never left out
// because the server does not offer it; without TLS only a server on this very
// machine is talked to, and without a password. Headers hold single lines of
// what services/notify/wording has cleaned.
//
// A nil error from Send means that the mail server has taken the message into
// its own queue. It does not mean that the mailbox has it: a bounce that comes
// later comes to the sender's mailbox, which nobody here reads. The ladder goes
// on calling until somebody acknowledges.
//
// The package deliberately does not retry (services/outbox does), signs nothing
// (DKIM is the mail server's business) and reads no mail.
package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"plantroom"
	"plantroom/services/notify/wording"
)

// Security is how a connection is protected.
type Security string

// The ways. None is for a server on this machine only.
const (
	StartTLS Security = "starttls"
	Implicit Security = "implicit"
	None     Security = "none"
)

// Port is the usual one: RFC 8314 for both kinds of TLS, RFC 5321 without.
func (s Security) Port() int {
	switch s {
	case Implicit:
		return 465
	case None:
		return 25
	}
	return 587
}

const defaultTimeout = 10 * time.Second

// Options says what a Channel needs. Host and From are required.
type Options struct {
	Host     string
	Port     int      // 0: the usual one of TLS
	Security Security // "": StartTLS
	From     string   // as in Plantroom <plantroom@example.org>
	User     string   // "": the server wants none
	// Password gives the password of User, asked for at each delivery, so that
	// it may be changed. An error is retried: a missing file may come back.
	Password func() (string, error)
	// RootCAs verifies the server; nil: the system's.
	RootCAs *x509.CertPool
	// Timeout bounds one delivery, connecting included; 0: 10 seconds.
	Timeout time.Duration
}

// Channel delivers calls. It is safe for concurrent use; each delivery has a
// connection of its own.
type Channel struct {
	o      Options
	from   *mail.Address
	domain string // of From: the right side of our Message-IDs
}

var _ plantroom.Channel = (*Channel)(nil)

// New makes a channel. It fails with CodeInvalid for a sender that is no
// address, and for a password that would go over the wire for all to read.
func New(o Options) (*Channel, error) {
	const op = "make the email channel"
	if o.Security == "" {
		o.Security = StartTLS
	}
	if o.Port == 0 {
		o.Port = o.Security.Port()
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	from, err := CheckSender(o.From)
	switch {
	case err != nil:
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "sender", Err: err}
	case o.Host == "":
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "no mail server is named"}
	case o.Security == None && o.User != "":
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "a password would be sent without TLS", Hint: "use starttls or implicit, or take user away"}
	case o.User != "" && o.Password == nil:
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "there is no password for " + o.User}
	}
	return &Channel{o: o, from: from, domain: from.Address[strings.LastIndexByte(from.Address, '@')+1:]}, nil
}

// Name is email.
func (c *Channel) Name() string { return "email" }

// plain is an address without quoting, comments or anything else that mail
// systems have understood in different ways (RFC 5321 section 4.1.2, Dot-string,
// in ASCII). A domain in other letters has to be written in Punycode.
var plain = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*" +
	`@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

// CheckAddress says what is wrong with an address to which calls would go.
func CheckAddress(to string) error {
	if len(to) > 254 || !plain.MatchString(to) {
		return plantroom.Errorf(plantroom.CodeInvalid, "%q is not a plain e-mail address; it is as in lin@example.org, in ASCII, without a name", wording.Line(to))
	}
	return nil
}

// CheckSender reads a sender, as in Plantroom <plantroom@example.org>.
func CheckSender(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || wording.Line(s) != s {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%q is not a sender; it is as in Plantroom <plantroom@example.org>", wording.Line(s))
	}
	return a, CheckAddress(a.Address)
}

// Send hands the call to the mail server. Its error does not show the address.
func (c *Channel) Send(ctx context.Context, call plantroom.Call) error {
	if CheckAddress(call.To) != nil {
		return &plantroom.SendError{Err: errNoAddress, Permanent: true}
	}
	letter, err := c.letter(call)
	if err != nil {
		return &plantroom.SendError{Err: err, Permanent: true}
	}
	within, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	err = c.deliver(within, letter)
	switch {
	case err == nil || letter.IsDelivered(): // what fails after the server has taken it is no failure
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case within.Err() != nil:
		return &plantroom.SendError{Err: plantroom.Errorf(plantroom.CodeUnavailable, "the mail server %s did not take it within %s", c.o.Host, c.o.Timeout)}
	}
	return verdict(err, call.To)
}

// errNoAddress does not show the address: what becomes of a call is in the ledger.
var errNoAddress = plantroom.Errorf(plantroom.CodeInvalid, "the address is not a plain e-mail address: correct it in the estate's file")

// letter makes the message. Date and Message-ID are the call's, so that each
// try sends the same letter.
func (c *Channel) letter(call plantroom.Call) (*gomail.Msg, error) {
	m := wording.Read(call)
	letter := gomail.NewMsg(gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	letter.FromMailAddress(c.from)
	if err := letter.To(call.To); err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	letter.Subject(m.Subject)
	letter.SetMessageIDWithValue(c.id(string(call.ID)))
	letter.SetDateWithValue(call.Created.Time().UTC())
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's absence is answered to us
	if call.Order != "" {
		letter.SetGenHeader(gomail.HeaderReferences, "<"+c.id(string(call.Order))+">") // one thread for an order
	}
	letter.SetBodyString(gomail.TypeTextPlain, m.Letter())
	return letter, nil
}

// id makes a Message-ID's inside; ids of calls and orders are checked, and
// whatever else got there must not end the header.
func (c *Channel) id(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '.' || r == '_' {
			return r
		}
		return '_'
	}, s)
	return s + "@" + c.domain
}

// deliver connects, hands one message over, and hangs up.
func (c *Channel) deliver(ctx context.Context, letter *gomail.Msg) error {
	line := &line{ctx: ctx, security: c.o.Security, tls: &tls.Config{RootCAs: c.o.RootCAs, ServerName: c.o.Host, MinVersion: tls.VersionTLS12}}
	defer line.hangUp()
	client, err := c.client(line)
	if err != nil {
		return err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return greetingError{err}
	}
	if err := client.SendWithSMTPClient(session, letter); err != nil {
		return err
	}
	return client.CloseWithSMTPClient(session)
}

func (c *Channel) client(l *line) (*gomail.Client, error) {
	opts := []gomail.Option{gomail.WithPort(c.o.Port), gomail.WithTimeout(c.o.Timeout), gomail.WithTLSConfig(l.tls), gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(_ context.Context, network, address string) (net.Conn, error) { return l.dial(network, address) })}
	switch c.o.Security {
	case Implicit:
		opts = append(opts, gomail.WithSSL()) // the line is under TLS when it is handed over
	case None:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if c.o.User != "" {
		password, err := c.o.Password()
		if err != nil {
			return nil, fmt.Errorf("password of the mail server: %w", err)
		}
		opts = append(opts, gomail.WithUsername(c.o.User), gomail.WithPassword(password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(c.o.Host, opts...)
}
