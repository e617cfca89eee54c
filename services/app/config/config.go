// Package config reads the server's file: one YAML document with a JSON
// Schema, every fault named by line and column.
//
// It reads no secret; it only says in which file one is.
package config

import (
	_ "embed"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/estate"
)

// Schema is the JSON Schema of a server file.
//
//go:embed plantroom.schema.json
var Schema []byte

// Config is a server's file. Paths are as they have to be opened.
type Config struct {
	EstateFile string   `json:"estate"`
	Data       string   `json:"data"`
	Web        Web      `json:"web"`
	Broker     Broker   `json:"broker"`
	InfluxDB   InfluxDB `json:"influxdb"`
	Webhook    Webhook  `json:"webhook"`

	Estate plantroom.Estate `json:"-"` // what EstateFile says
}

// Web says how pages and API are served.
type Web struct {
	Listen    string `json:"listen"`
	PublicURL string `json:"public_url"`
	Office    string `json:"office"`
}

// Broker is either Embedded or a URL with what belongs to it.
type Broker struct {
	Embedded *struct {
		Listen string `json:"listen"`
	} `json:"embedded"`
	URL          string `json:"url"`
	ClientID     string `json:"client_id"`
	Username     string `json:"username"`
	PasswordFile string `json:"password_file"`
	TLS          struct {
		CA   string `json:"ca"`
		Cert string `json:"cert"`
		Key  string `json:"key"`
	} `json:"tls"`
}

// InfluxDB is either a Child or a URL with what belongs to it.
type InfluxDB struct {
	Child *struct {
		Binary string `json:"binary"`
		Listen string `json:"listen"`
	} `json:"child"`
	URL       string `json:"url"`
	Database  string `json:"database"`
	Org       string `json:"org"`
	TokenFile string `json:"token_file"`
	Compress  bool   `json:"compress"`
}

// Webhook bounds outgoing webhooks.
type Webhook struct {
	AllowPrivate []netip.Prefix `json:"allow_private"`
}

// Load reads the server's file and the estate file that it names. The error
// holds every fault of both.
func Load(path string, known estate.Known) (*Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the server's file: %w", err)
	}
	doc, err := yamldoc.Parse(path, src, Schema)
	if err != nil {
		return nil, err
	}
	c := &Config{}
	if err := doc.Decode(c); err != nil {
		return nil, yamldoc.Faults{doc.Fault("/webhook/allow_private", err.Error(), "write networks as in 10.1.0.0/16")}
	}
	c.resolve(filepath.Dir(path))
	if c.Web.PublicURL == "" {
		c.Web.PublicURL = "http://" + c.Web.Listen
	}
	if c.Estate, err = estate.Load(c.EstateFile, known); err != nil {
		return nil, err
	}
	return c, nil
}

// resolve makes paths relative to the file's own directory.
func (c *Config) resolve(dir string) {
	for _, p := range []*string{&c.EstateFile, &c.Data, &c.Broker.PasswordFile, &c.Broker.TLS.CA, &c.Broker.TLS.Cert,
		&c.Broker.TLS.Key, &c.InfluxDB.TokenFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}
