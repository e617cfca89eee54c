package provider

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"time"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// Schema is the JSON Schema of a template.
//
//go:embed provider.schema.json
var Schema []byte

const (
	defaultLimit   = 300
	defaultTimeout = 10 * time.Second
	longestTimeout = 2 * time.Minute
	maxDepth       = 8 // of a body
)

// Template is a channel described as data. Parse makes one.
type Template struct {
	About    string
	Settings []string // that have to be given, in the order in which they are used
	Secrets  []string
	ReadBack bool // a code is spoken, and has to come back

	method    string
	host      text // scheme and host
	path      text
	query     []pair
	headers   []pair
	user      *text // of basic authentication
	password  text
	form      []field
	json      node
	sign      *signing
	address   *regexp.Regexp
	limit     int
	timeout   time.Duration
	success   answer
	setup     []answer
	permanent []answer
	reason    pointer
}

type pair struct {
	name  string
	value text
}

// field is one of a form: text, or a tree that is sent as JSON.
type field struct {
	name string
	tree node
}

type signing struct{ id, key text }

// file is a template as it is written; the schema explains each key.
type file struct {
	About   string            `json:"about"`
	Source  string            `json:"source"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Query   map[string]string `json:"query"`
	Headers map[string]string `json:"headers"`
	Basic   *struct {
		User     string `json:"user"`
		Password string `json:"password"`
	} `json:"basic"`
	Form map[string]any `json:"form"`
	JSON map[string]any `json:"json"`
	Sign *struct {
		Scheme string `json:"scheme"`
		ID     string `json:"id"`
		Key    string `json:"key"`
	} `json:"sign"`
	Address   string       `json:"address"`
	Limit     int          `json:"limit"`
	Timeout   string       `json:"timeout"`
	Success   answerFile   `json:"success"`
	Setup     []answerFile `json:"setup"`
	Permanent []answerFile `json:"permanent"`
	Reason    string       `json:"reason"`
}

// Parse reads a template. The error is a yamldoc.Faults with all that is wrong,
// each with file, line and remedy.
func Parse(name string, src []byte) (*Template, error) {
	doc, err := yamldoc.Parse(name, src, Schema)
	if err != nil {
		return nil, err
	}
	var f file
	if err := doc.Decode(&f); err != nil {
		return nil, err
	}
	c := compiler{doc: doc, t: &Template{About: f.About, method: f.Method, limit: f.Limit}}
	c.build(&f)
	if err := c.faults.Err(); err != nil {
		return nil, err
	}
	return c.t, nil
}

// compiler turns what is written into what is sent, and gathers the faults.
type compiler struct {
	doc    *yamldoc.Doc
	t      *Template
	faults yamldoc.Faults
}

func (c *compiler) fault(at, problem, remedy string) {
	c.faults = append(c.faults, c.doc.Fault(at, problem, remedy))
}

func (c *compiler) build(f *file) {
	t := c.t
	if t.method == "" {
		t.method = "POST"
	}
	if t.limit == 0 {
		t.limit = defaultLimit
	}
	c.url(f.URL)
	t.query = c.pairs("/query", f.Query, anything)
	t.headers = c.pairs("/headers", f.Headers, inHeaders)
	for name := range f.Headers {
		if !headerName.MatchString(name) || reserved[strings.ToLower(name)] {
			c.fault("/headers/"+yamldoc.Escape(name), fmt.Sprintf("the header %q cannot be set", name), "take it away: it is set by the channel, or no header at all")
		}
	}
	if f.Basic != nil {
		user := c.text("/basic/user", f.Basic.User, operators)
		t.user, t.password = &user, c.text("/basic/password", f.Basic.Password, operators)
	}
	c.body(f)
	if f.Sign != nil {
		t.sign = &signing{id: c.text("/sign/id", f.Sign.ID, operators), key: c.text("/sign/key", f.Sign.Key, operators)}
	}
	var err error
	if t.address, err = regexp.Compile(`\A(?:` + f.Address + `)\z`); err != nil {
		c.fault("/address", "it is no regular expression: "+err.Error(), `write it as RE2 has it, as in \+[1-9][0-9]{6,14}`)
	}
	c.time(f.Timeout)
	c.answers(f)
}

// url parts scheme and host, which only the operator may choose, from the path.
func (c *compiler) url(s string) {
	scheme, rest, _ := strings.Cut(s, "://")
	host, path, _ := strings.Cut(rest, "/")
	c.t.host = c.text("/url", scheme+"://"+host, settings)
	c.t.path = c.text("/url", "/"+path, anything)
}

func (c *compiler) body(f *file) {
	t := c.t
	if (f.Form == nil) == (f.JSON == nil) {
		c.fault("", "it has to say either form or json, and only one of them", "write what the provider wants as a body")
	}
	for _, name := range sorted(f.Form) {
		t.form = append(t.form, field{name, c.tree("/form/"+yamldoc.Escape(name), f.Form[name], 0)})
	}
	if f.JSON != nil {
		t.json = c.tree("/json", f.JSON, 0)
	}
}

func (c *compiler) time(s string) {
	c.t.timeout = defaultTimeout
	if s == "" {
		return
	}
	d, err := time.ParseDuration(s)
	if err != nil || d > longestTimeout {
		c.fault("/timeout", fmt.Sprintf("%s is too long", s), "use a time up to "+longestTimeout.String())
		return
	}
	c.t.timeout = d
}

// headerName is a token of RFC 9110 section 5.6.2.
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// reserved are headers that say how the request itself is put together, or
// that a signature sets.
var reserved = map[string]bool{"host": true, "content-length": true, "content-type": true, "transfer-encoding": true, "connection": true,
	"te": true, "trailer": true, "upgrade": true, "expect": true, "x-acs-date": true, "x-acs-signature-nonce": true, "x-acs-content-sha256": true}

// CheckAddress says what is wrong with an address to which calls would go.
func (t *Template) CheckAddress(to string) error {
	if !t.address.MatchString(to) {
		return plantroom.Errorf(plantroom.CodeInvalid, "%q is no address for it; one fits %s", to, strings.TrimSuffix(strings.TrimPrefix(t.address.String(), `\A(?:`), `)\z`))
	}
	return nil
}
