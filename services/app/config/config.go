// Package config reads the server's file: one YAML document with a JSON
// Schema, every fault named by line and column.
//
// It keeps no secret; it only says in which file one is, and that the file can
// be read.
package config

import (
	_ "embed"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"plantroom"
	"plantroom/internal/mqttconn"
	"plantroom/internal/yamldoc"
	"plantroom/services/estate"
)

// Schema is the JSON Schema of a server file.
//
//go:embed plantroom.schema.json
var Schema []byte

// Config is a server's file. Paths are as they have to be opened.
type Config struct {
	EstateFile string     `json:"estate"`
	Data       string     `json:"data"`
	Web        Web        `json:"web"`
	Broker     Broker     `json:"broker"`
	InfluxDB   InfluxDB   `json:"influxdb"`
	Proofs     Proofs     `json:"proofs"`
	Webhook    Webhook    `json:"webhook"`
	Email      *Email     `json:"email"` // nil: there is no such channel
	Providers  []Provider `json:"providers"`

	Estate    plantroom.Estate `json:"-"` // what EstateFile says
	EstateSum plantroom.Hash   `json:"-"` // SHA-256 of its text

	places *estate.File // where that stands; nil where the estate was made otherwise
}

// Web says how pages and API are served.
type Web struct {
	Listen    string `json:"listen"`
	PublicURL string `json:"public_url"` // "": http and the address that Listen comes to
	Office    string `json:"office"`

	ViewerTokenFile string `json:"viewer_token_file"` // "": nobody may look without the operator token
	AlertsTokenFile string `json:"alerts_token_file"` // "": no alerts are taken
}

// Broker is either Embedded or a URL with what belongs to it.
type Broker struct {
	Embedded     *Embedded    `json:"embedded"`
	URL          string       `json:"url"`
	ClientID     string       `json:"client_id"` // "": plantroom- and the estate's id
	Username     string       `json:"username"`
	PasswordFile string       `json:"password_file"`
	TLS          mqttconn.TLS `json:"tls"`
}

// Embedded is a broker in the server's own process.
type Embedded struct {
	Listen string `json:"listen"`
}

// InfluxDB is either a Child or a URL with what belongs to it.
type InfluxDB struct {
	Child     *Child `json:"child"`
	URL       string `json:"url"`
	Database  string `json:"database"`
	Org       string `json:"org"`
	TokenFile string `json:"token_file"`
	Compress  bool   `json:"compress"`
}

// Child is an influxd that the server starts.
type Child struct {
	Binary string `json:"binary"` // a path, or a name on the PATH
	Listen string `json:"listen"` // "": any free port
}

// Proofs bounds what is kept of photos and papers.
type Proofs struct {
	TotalGiB int `json:"total_gib"` // 0: 20
}

// Webhook bounds outgoing webhooks.
type Webhook struct {
	Networks     []string       `json:"allow_private"`
	AllowPrivate []netip.Prefix `json:"-"` // what Networks come to
}

// Connection is how the broker at URL is connected to.
func (c *Config) Connection() mqttconn.Options {
	b := c.Broker
	o := mqttconn.Options{URL: b.URL, ClientID: b.ClientID, Username: b.Username, PasswordFile: b.PasswordFile, TLS: b.TLS}
	if o.ClientID == "" {
		o.ClientID = "plantroom-" + string(c.Estate.ID)
	}
	return o
}

// Load reads the server's file and the estate file that it names. The error is
// a yamldoc.Faults with all that is wrong with both; only the faults of form
// in the server's file come alone, because they hide what it means. A file
// that is not there is CodeNotFound.
func Load(path string, known estate.Known) (*Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeNotFound, Op: "read the server's file", Message: "it cannot be read",
			Hint: "name a file that is there; plantroom init DIR writes one to start from", Err: err}
	}
	doc, err := yamldoc.Parse(path, src, Schema)
	if err != nil {
		return nil, mistaken(path, err)
	}
	c := &Config{}
	if err := doc.Decode(c); errors.As(err, new(yamldoc.Faults)) {
		return nil, err
	} else if err != nil { // schema and structs have drifted apart
		return nil, &plantroom.Error{Code: plantroom.CodeInternal, Op: "read the server's file", Message: path, Err: err}
	}
	c.resolve(filepath.Dir(path))
	k := checker{doc: doc}
	k.check(c)
	known.Channels = c.KnownChannels()
	c.places, err = estate.Read(c.EstateFile, known)
	if err := k.with(err); err != nil {
		return nil, err
	}
	c.Estate, c.EstateSum = c.places.Estate, c.places.Sum
	return c, nil
}

// mistaken says so where an estate's file was named for the server's: that
// each of its keys is not known would help nobody.
func mistaken(path string, err error) error {
	var faults yamldoc.Faults
	if !errors.As(err, &faults) || !slices.ContainsFunc(faults, func(f yamldoc.Fault) bool { return f.Path == "/buildings" || f.Path == "/contracts" }) {
		return err
	}
	remedy := "name the server's file, whose key estate names this one; plantroom init DIR writes one to start from"
	if beside := filepath.Join(filepath.Dir(path), "plantroom.yaml"); beside != path {
		if _, err := os.Stat(beside); err == nil {
			remedy = "name the server's file, whose key estate names this one: " + beside
		}
	}
	return yamldoc.Faults{{File: path, Line: 1, Col: 1, Problem: "this is an estate's file, or an offer", Remedy: remedy}}
}

// Lint looks ahead from now for what is wrong with rosters and ladders: see
// estate.File. An estate that was made otherwise than by Load is not looked at.
func (c *Config) Lint(now plantroom.Instant) (refused, warnings yamldoc.Faults) {
	if c.places == nil {
		return nil, nil
	}
	return c.places.Lint(now)
}

// Same reports whether two files say the same of all but the estate, the
// channels and the bound on files of proof, which a reload takes over.
func (c *Config) Same(other *Config) bool {
	a, b := *c, *other
	a.Estate, b.Estate = plantroom.Estate{}, plantroom.Estate{}
	a.EstateSum, b.EstateSum = plantroom.Hash{}, plantroom.Hash{}
	a.places, b.places = nil, nil
	a.Webhook, b.Webhook = Webhook{}, Webhook{}
	a.Proofs, b.Proofs = Proofs{}, Proofs{}
	a.Email, b.Email, a.Providers, b.Providers = nil, nil, nil, nil
	return reflect.DeepEqual(a, b)
}

// resolve makes paths relative to the file's own directory.
func (c *Config) resolve(dir string) {
	for _, p := range []*string{&c.EstateFile, &c.Data, &c.Web.ViewerTokenFile, &c.Web.AlertsTokenFile, &c.Broker.PasswordFile, &c.Broker.TLS.CA, &c.Broker.TLS.Cert, &c.Broker.TLS.Key,
		&c.InfluxDB.TokenFile} {
		own(p, dir)
	}
	if e := c.Email; e != nil {
		own(&e.PasswordFile, dir)
		own(&e.CA, dir)
	}
	for i := range c.Providers {
		c.Providers[i].resolve(dir)
	}
	const slash = string(filepath.Separator)
	if child := c.InfluxDB.Child; child != nil && strings.Contains(child.Binary, slash) && !filepath.IsAbs(child.Binary) {
		child.Binary = dir + slash + child.Binary // not joined: ./influxd has to stay a path, or it is looked up on the PATH
	}
}

// own makes a path relative to a directory, if it is not there or absolute.
func own(path *string, dir string) {
	if *path != "" && !filepath.IsAbs(*path) {
		*path = filepath.Join(dir, *path)
	}
}

// with adds what the estate's file has to say, behind our own faults.
func (k *checker) with(err error) error {
	own, more := k.faults, yamldoc.Faults(nil)
	if err != nil && !errors.As(err, &more) {
		own = append(own, k.doc.Fault("/estate", err.Error(), "name the estate's file; paths are relative to this file"))
	}
	_ = own.Err() // puts them in the order of the file
	if own = append(append(own, k.more...), more...); len(own) > 0 {
		return own
	}
	return nil
}
