package app

import (
	"context"
	"errors"
	"net/netip"

	"plantroom"
	"plantroom/services/app/config"
	"plantroom/services/notify/email"
	"plantroom/services/notify/mqtt"
	"plantroom/services/notify/provider"
	"plantroom/services/notify/webhook"
)

// channels makes the ways on which calls go out.
func (s *Server) channels(cfg *config.Config) ([]plantroom.Channel, error) {
	secret, err := s.secrets.webhooks(cfg.Estate)
	if err != nil {
		return nil, err
	}
	hooks, err := webhook.New(webhook.Options{Secret: secret, AllowPrivate: cfg.Webhook.AllowPrivate})
	if err != nil {
		return nil, err
	}
	topics, err := mqtt.New(cfg.Estate.ID, publisher{s.uplinks})
	if err != nil {
		return nil, err
	}
	list := []plantroom.Channel{hooks, topics}
	if cfg.Email != nil {
		mail, err := s.email(cfg.Email)
		if err != nil {
			return nil, err
		}
		list = append(list, mail)
	}
	for i := range cfg.Providers {
		c, err := newProvider(&cfg.Providers[i], cfg.Webhook.AllowPrivate)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// newProvider makes a channel that a template describes. Secrets are read at
// each delivery.
func newProvider(p *config.Provider, private []netip.Prefix) (plantroom.Channel, error) {
	return provider.New(provider.Options{Name: p.ID, Template: p.Parsed, Settings: p.Settings, AllowPrivate: private,
		Secret: func(name string) (string, error) { return secretLine(p.SecretFile(name)) }})
}

// secretLine reads a secret of the operator's.
func secretLine(path string) (string, error) {
	s, err := firstLine(path)
	if err == nil && s == "" {
		err = errors.New(path + " is empty: its first line has to be the secret")
	}
	return s, err
}

// publisher lets the mqtt channel publish.
type publisher struct{ uplinks }

// Publish implements mqtt.Publisher.
func (p publisher) Publish(ctx context.Context, topic string, payload []byte) error {
	return p.publish(ctx, topic, payload)
}

// email makes the channel for e-mail. Its password is read at each delivery.
func (s *Server) email(e *config.Email) (plantroom.Channel, error) {
	o, err := e.Options()
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "make the email channel", Message: "email.ca", Hint: "name a PEM file", Err: err}
	}
	o.Password = func() (string, error) { return secretLine(e.PasswordFile) }
	return email.New(o)
}
