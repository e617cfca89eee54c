package config

import (
	"crypto/x509"
	"errors"
	"os"

	"plantroom"
	"plantroom/services/estate"
	"plantroom/services/notify/email"
	"plantroom/services/notify/webhook"
)

// Email is how the mail server is reached.
type Email struct {
	Host         string         `json:"host"`
	Port         int            `json:"port"` // 0: the usual one
	TLS          email.Security `json:"tls"`  // "": starttls
	From         string         `json:"from"`
	User         string         `json:"user"`
	PasswordFile string         `json:"password_file"`
	CA           string         `json:"ca"` // "": the authorities of the system
}

// Channels lists the channels that need no word in the server's file.
func Channels() []estate.Channel {
	return []estate.Channel{{Name: "webhook", Check: webhook.CheckAddress}, {Name: "mqtt", Check: plantroom.ValidID}}
}

// KnownChannels lists those that the estate's file may name.
func (c *Config) KnownChannels() []estate.Channel {
	list := Channels()
	if c.Email != nil {
		list = append(list, estate.Channel{Name: "email", Check: email.CheckAddress})
	}
	for _, p := range c.Providers {
		if p.Parsed != nil {
			list = append(list, estate.Channel{Name: p.ID, Check: p.Parsed.CheckAddress})
		} else { // its own fault is named; its addresses are not looked at
			list = append(list, estate.Channel{Name: p.ID, Check: func(string) error { return nil }})
		}
	}
	return list
}

// Options are those of the email channel, as far as they are on file.
func (e *Email) Options() (email.Options, error) {
	o := email.Options{Host: e.Host, Port: e.Port, Security: e.TLS, From: e.From, User: e.User}
	if e.CA == "" {
		return o, nil
	}
	pem, err := os.ReadFile(e.CA)
	if err != nil {
		return o, err
	}
	if o.RootCAs = x509.NewCertPool(); !o.RootCAs.AppendCertsFromPEM(pem) {
		return o, errors.New(e.CA + " holds no certificate in PEM")
	}
	return o, nil
}

func (k *checker) email(e *Email) {
	if e == nil {
		return
	}
	if _, err := email.CheckSender(e.From); err != nil {
		k.fault("/email/from", err.Error(), "write the address from which calls come")
	}
	switch {
	case e.User != "" && e.TLS == email.None:
		k.fault("/email/tls", "a password would be sent for all to read", "write starttls or implicit, or take user away")
	case e.User != "" && e.PasswordFile == "":
		k.fault("/email/user", "there is a user and no password", "add password_file: the first line of that file is the password")
	case e.User == "" && e.PasswordFile != "":
		k.fault("/email/password_file", "there is a password and no user", "add user, or take password_file away")
	}
	k.readable("/email/password_file", e.PasswordFile, "its first line has to be the password; paths are relative to this file")
	if _, err := e.Options(); err != nil {
		k.fault("/email/ca", err.Error(), "name a PEM file with the authority of the mail server, or leave it out")
	}
}
