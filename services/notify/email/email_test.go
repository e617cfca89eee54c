package email_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"plantroom"
	"plantroom/services/notify/email"
)

var call = plantroom.Call{ID: "msg-abc", Kind: "order.dispatched", Order: "wo-000001", Channel: "email", To: "lin@example.org", Who: "person:lin",
	Subject: "wo-000001 Lift 1, block 1: door close fault (medium), attend by 07:58", Created: 1_790_000_000_000_000_000,
	Body: json.RawMessage(`{"data":{"asset":{"name":{"en":"Lift 1"},"building":{"en":"Block 1"}},"job_link":"https://plantroom.example.org/job/abc"}}`)}

func channel(t testing.TB, o *office, change ...func(*email.Options)) *email.Channel {
	t.Helper()
	opts := email.Options{Host: o.host, Port: o.port, From: "Plantroom <plantroom@example.org>", RootCAs: o.cas}
	for _, f := range change {
		f(&opts)
	}
	c, err := email.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func send(t testing.TB, c *email.Channel, out plantroom.Call) *plantroom.SendError {
	t.Helper()
	err := c.Send(t.Context(), out)
	if err == nil {
		return nil
	}
	var se *plantroom.SendError
	if !errors.As(err, &se) {
		t.Fatalf("%v is no SendError", err)
	}
	return se
}

// read opens the only letter.
func (o *office) read(t testing.TB) (*mail.Message, string) {
	t.Helper()
	letters := o.taken()
	if len(letters) != 1 {
		t.Fatalf("%d letters came, want 1", len(letters))
	}
	m, err := mail.ReadMessage(strings.NewReader(letters[0].data))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || m.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
		t.Fatalf("%v: %v", m.Header, err)
	}
	return m, strings.ReplaceAll(string(body), "\r\n", "\n")
}

func TestACallArrivesAsALetterUnderTLS(t *testing.T) {
	for name, p := range map[string]postbox{"starttls": {}, "implicit": {implicit: true}} {
		o := open(t, p)
		if err := send(t, channel(t, o, func(c *email.Options) { c.Security = email.Security(name) }), call); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m, body := o.read(t)
		for header, want := range map[string]string{"Subject": call.Subject, "To": "<lin@example.org>", "From": `"Plantroom" <plantroom@example.org>`,
			"Message-Id": "<msg-abc@example.org>", "Auto-Submitted": "auto-generated", "References": "<wo-000001@example.org>", "Content-Type": "text/plain; charset=UTF-8"} {
			if got := m.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		if d, err := m.Header.Date(); err != nil || d.Unix() != 1_790_000_000 {
			t.Errorf("%s: the letter is of %v, want when the call was made (%v)", name, d, err)
		}
		if !strings.Contains(body, "\nhttps://plantroom.example.org/job/abc\n") {
			t.Errorf("%s: the link is not in the letter:\n%s", name, body)
		}
		if l := o.taken()[0]; l.from != "plantroom@example.org" || l.to != "lin@example.org" || !o.secure[0] {
			t.Errorf("%s: from %s to %s, under TLS %v", name, l.from, l.to, o.secure)
		}
	}
}

// The first try was taken and its answer lost, so the call is sent again.
func TestARepeatIsTheSameLetter(t *testing.T) {
	o := open(t, postbox{})
	c := channel(t, o)
	for range 2 {
		if err := send(t, c, call); err != nil {
			t.Fatal(err)
		}
	}
	if l := o.taken(); len(l) != 2 || l[0] != l[1] {
		t.Errorf("the letters differ, so a repeat cannot be told:\n%s\n%s", l[0].data, l[1].data)
	}
}

func TestRepliesInThe500sAreForGoodAndThoseInThe400sAreNot(t *testing.T) {
	for _, command := range []string{"mail", "rcpt", "data"} {
		for code, permanent := range map[int]bool{421: false, 450: false, 452: false, 550: true, 552: true, 554: true} {
			if command == "mail" && code != 552 {
				permanent = false // the sender is the operator's
			}
			o := open(t, postbox{})
			o.answer(command, &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "<lin@example.org>: no"})
			se := send(t, channel(t, o), call)
			if se == nil || se.Permanent != permanent || !strings.Contains(se.Error(), fmt.Sprint(code)) {
				t.Errorf("%d at %s: %v, permanent should be %v", code, command, se, permanent)
			}
			if se != nil && strings.Contains(se.Error(), call.To) {
				t.Errorf("%d at %s: the error shows the address: %v", code, command, se)
			}
			if len(o.taken()) > 0 {
				t.Errorf("%d at %s: a letter was taken", code, command)
			}
		}
	}
}

// What the operator has set up and the server refuses is no fault of the call.
func TestARefusedLoginOrSenderIsNotHeldAgainstTheCall(t *testing.T) {
	for command, codes := range map[string][]int{"mail": {530, 535, 550, 553, 554}, "rcpt": {530, 535}} {
		for _, code := range codes {
			o := open(t, postbox{})
			o.answer(command, &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "no"})
			if se := send(t, channel(t, o), call); se == nil || !se.Setup || se.Permanent || !strings.Contains(se.Error(), "see email in the server's file") || !strings.Contains(se.Error(), fmt.Sprint(code)) {
				t.Errorf("%d at %s: %+v", code, command, se)
			}
		}
	}
	for name, greeting := range map[string]string{"no service": "554 no service\r\n", "a greeting of the 400s": "421 later\r\n"} {
		o := script(t, func(c net.Conn, r *bufio.Reader) {
			_, _ = io.WriteString(c, greeting)
			_, _ = r.ReadString('\n')
		})
		se := send(t, channel(t, o, func(c *email.Options) { c.Security = email.None }), call)
		if se == nil || se.Permanent || se.Setup != strings.HasPrefix(greeting, "5") {
			t.Errorf("%s: %+v", name, se)
		}
	}
	if se := send(t, channel(t, open(t, postbox{}), func(c *email.Options) { c.RootCAs = nil }), call); se == nil || se.Permanent || se.Setup {
		t.Errorf("a certificate that does not verify may be a stranger's in between: %+v", se)
	}
}

func TestAServerThatSpellsTheAddressItsOwnWayDoesNotShowIt(t *testing.T) {
	out := call
	out.To = "Lin.Chen@Example.org"
	for _, says := range []string{"<lin.chen@example.org>: user unknown", "LIN.CHEN@EXAMPLE.ORG is no more", strings.Repeat("x", 480) + " lin.chen@example.org"} {
		o := open(t, postbox{})
		o.answer("rcpt", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: says})
		if se := send(t, channel(t, o), out); se == nil || strings.Contains(strings.ToLower(se.Error()), "lin.") {
			t.Errorf("the error shows the address: %v", se)
		}
	}
}

func TestThePasswordIsReadAtEachDelivery(t *testing.T) {
	o := open(t, postbox{auth: true})
	password := "wrong"
	c := channel(t, o, func(c *email.Options) {
		c.User, c.Password = "plantroom", func() (string, error) { return password, nil }
	})
	if se := send(t, c, call); se == nil || !se.Setup || se.Permanent || strings.Contains(se.Error(), "wrong") {
		t.Errorf("with a wrong password: %+v", se)
	}
	password = "hush"
	if se := send(t, c, call); se != nil || len(o.taken()) != 1 {
		t.Errorf("with the right one: %v", se)
	}
	missing := channel(t, o, func(c *email.Options) {
		c.User, c.Password = "plantroom", func() (string, error) { return "", errors.New("no such file") }
	})
	if se := send(t, missing, call); se == nil || se.Permanent {
		t.Errorf("a file that is away may come back: %v", se)
	}
}

func TestWithoutTLSNothingLeavesThisMachineAndNoPasswordAtAll(t *testing.T) {
	o := open(t, postbox{noTLS: true, auth: true, insecure: true})
	c := channel(t, o, func(c *email.Options) {
		c.User, c.Password = "plantroom", func() (string, error) { return "hush", nil }
	})
	if se := send(t, c, call); se == nil || se.Permanent || !strings.Contains(se.Error(), "STARTTLS") {
		t.Errorf("a server that has stopped to offer TLS: %v, want it tried again", se)
	}
	if len(o.logins) > 0 {
		t.Error("the password went out without TLS")
	}
	if _, err := email.New(email.Options{Host: o.host, Security: email.None, From: "a@example.org", User: "plantroom", Password: func() (string, error) { return "hush", nil }}); err == nil {
		t.Error("a channel that would send its password without TLS was made")
	}
	near := open(t, postbox{noTLS: true})
	if se := send(t, channel(t, near, func(c *email.Options) { c.Security = email.None }), call); se != nil || len(near.taken()) != 1 {
		t.Errorf("a server on this machine: %v", se)
	}
}

func TestACertificateThatDoesNotVerifyIsRefused(t *testing.T) {
	for name, p := range map[string]postbox{"starttls": {}, "implicit": {implicit: true}} {
		o := open(t, p)
		se := send(t, channel(t, o, func(c *email.Options) { c.Security, c.RootCAs = email.Security(name), nil }), call)
		if se == nil || len(o.taken()) > 0 {
			t.Errorf("%s: %v", name, se)
		}
	}
}

func TestNothingInACallAddsAHeaderOrARecipient(t *testing.T) {
	o := open(t, postbox{})
	evil := call
	evil.Subject = "stuck\r\nBcc: everybody@example.org\r\n\r\nYou have won 梯"
	evil.ID, evil.Order = "msg-1>\r\nX-Evil: yes", "wo\r\nX-Evil: yes"
	if se := send(t, channel(t, o), evil); se != nil {
		t.Fatal(se)
	}
	m, body := o.read(t)
	if m.Header.Get("Bcc") != "" || m.Header.Get("X-Evil") != "" || len(m.Header) > 11 {
		t.Errorf("headers were added: %v", m.Header)
	}
	if s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || s != "stuck Bcc: everybody@example.org You have won 梯" {
		t.Errorf("the subject is %q (%v)", s, err)
	}
	if !strings.HasPrefix(body, "stuck Bcc:") || o.taken()[0].to != "lin@example.org" {
		t.Errorf("to %s:\n%s", o.taken()[0].to, body)
	}
}

func TestAnAddressThatCouldBeReadInTwoWaysIsGivenUp(t *testing.T) {
	o := open(t, postbox{})
	c := channel(t, o)
	for _, to := range []string{"", "lin", "lin@", "@example.org", "a@b@c", "lin@example.org\r\nRCPT TO:<x@example.org>", "<lin@example.org>", "Lin <lin@example.org>",
		`"lin me"@example.org`, "lin@example.org, x@example.org", "lin@梯.example", "lin@[127.0.0.1]", strings.Repeat("a", 250) + "@example.org", "a..b@example.org", "lin@-a.org"} {
		out := call
		out.To = to
		if se := send(t, c, out); se == nil || !se.Permanent {
			t.Errorf("%q: %v, want it given up", to, se)
		} else if to != "" && strings.Contains(se.Error(), to) {
			t.Errorf("the error shows the address: %v", se)
		}
	}
	for _, to := range []string{"lin@example.org", "lin.mei+lifts@mail.example.org", "o'neil@example.org", "root@localhost"} {
		if err := email.CheckAddress(to); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// script answers a connection by hand.
func script(t testing.TB, talk func(net.Conn, *bufio.Reader)) *office {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			talk(conn, bufio.NewReader(conn))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-ended })
	return &office{host: "127.0.0.1", port: l.Addr().(*net.TCPAddr).Port}
}

func TestAServerThatDoesNotKeepToTheProtocolIsTriedAgain(t *testing.T) {
	say := func(lines ...string) func(net.Conn, *bufio.Reader) {
		return func(c net.Conn, r *bufio.Reader) {
			for _, l := range lines {
				_, _ = io.WriteString(c, l)
				_, _ = r.ReadString('\n')
			}
		}
	}
	for name, talk := range map[string]func(net.Conn, *bufio.Reader){
		"hangs up at once":    say(),
		"is busy":             say("421 later\r\n"),
		"is no mail server":   say("HTTP/1.1 200 OK\r\n"),
		"hangs up after EHLO": say("220 hi\r\n"),
		"talks without end": func(c net.Conn, _ *bufio.Reader) {
			for {
				if _, err := c.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		},
		"hangs up within the letter": say("220 hi\r\n", "250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"),
	} {
		o := script(t, talk)
		if se := send(t, channel(t, o, func(c *email.Options) { c.Security = email.None }), call); se == nil || se.Permanent {
			t.Errorf("a server that %s: %v, want it tried again", name, se)
		}
	}
}

func TestAServerThatFailsAfterItHasTakenTheLetterHasTakenIt(t *testing.T) {
	o := script(t, func(c net.Conn, r *bufio.Reader) {
		for _, l := range []string{"220 hi\r\n", "250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"} {
			_, _ = io.WriteString(c, l)
			_, _ = r.ReadString('\n')
		}
		for {
			if l, err := r.ReadString('\n'); err != nil || l == ".\r\n" {
				break
			}
		}
		_, _ = io.WriteString(c, "250 taken\r\n")
	})
	if se := send(t, channel(t, o, func(c *email.Options) { c.Security = email.None }), call); se != nil {
		t.Errorf("%v: it would be sent again, and again", se)
	}
}

func TestASilentServerIsGivenUpInTime(t *testing.T) {
	o := script(t, func(c net.Conn, r *bufio.Reader) { _, _ = r.ReadString('\n') })
	c := channel(t, o, func(c *email.Options) { c.Security, c.Timeout = email.None, 50*time.Millisecond })
	if se := send(t, c, call); se == nil || se.Permanent {
		t.Errorf("%v, want it tried again", se)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o = script(t, func(_ net.Conn, r *bufio.Reader) { cancel(); _, _ = r.ReadString('\n') })
	if err := channel(t, o).Send(ctx, call); !errors.Is(err, context.Canceled) {
		t.Errorf("the context has ended, and Send says %v", err)
	}
}

// Whatever a server says, Send comes back, and only what it has taken is sent.
func FuzzServer(f *testing.F) {
	f.Add("220 hi\r\n250 hi\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n")
	f.Add("220-a\r\n220 b\r\n250-AUTH PLAIN\r\n250 SIZE 1\r\n550 \r\n")
	f.Add("999999999999 \r\n\x00")
	f.Fuzz(func(t *testing.T, says string) {
		o := script(t, func(c net.Conn, r *bufio.Reader) {
			_, _ = io.WriteString(c, says)
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, r)
		})
		err := channel(t, o, func(c *email.Options) { c.Security, c.Timeout = email.None, 2*time.Second }).Send(t.Context(), call)
		if err == nil && strings.Count(says, "250") < 3 {
			t.Fatalf("%q counts as taken", says)
		}
	})
}
