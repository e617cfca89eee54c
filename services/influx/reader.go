package influx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"plantroom"
)

// maxAnswer bounds the answer to a query, in bytes.
const maxAnswer = 64 << 20

// Series is one result of a query. A column "time" comes as Instants; other
// numbers as float64; what is not there as nil.
type Series struct {
	Name    string
	Tags    map[string]string
	Columns []string
	Rows    [][]any
}

// Reader asks InfluxQL questions. It is safe for concurrent use.
type Reader struct {
	opt Options
	db  string
	rp  string
}

// NewReader makes a Reader; it does not connect.
func NewReader(o Options) *Reader {
	o.setDefaults()
	db, rp, _ := strings.Cut(o.Database, "/")
	return &Reader{opt: o, db: db, rp: rp}
}

// Query asks one InfluxQL statement. What InfluxDB finds wrong with it is
// CodeInvalid, in its words; that it cannot be reached is CodeUnavailable.
func (r *Reader) Query(ctx context.Context, q string) ([]Series, error) {
	ctx, cancel := context.WithTimeout(ctx, r.opt.Timeout)
	defer cancel()
	form := url.Values{"db": {r.db}, "q": {q}, "epoch": {"ns"}}
	if r.rp != "" {
		form.Set("rp", r.rp)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(r.opt.URL, "/")+"/query", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, unreachable(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if r.opt.Token != "" {
		req.Header.Set("Authorization", "Token "+r.opt.Token)
	}
	resp, err := r.opt.Client.Do(req)
	if err != nil {
		return nil, unreachable(err)
	}
	defer resp.Body.Close()
	return decodeAnswer(resp.StatusCode, io.LimitReader(resp.Body, maxAnswer))
}

func unreachable(err error) error {
	return &plantroom.Error{
		Code: plantroom.CodeUnavailable, Op: "query InfluxDB", Message: "it does not answer",
		Hint: "see that InfluxDB runs", Err: err,
	}
}

// Count returns how many field values a measurement holds; "/.*/" counts
// them all. The quality beside a doubtful value does not count.
func (r *Reader) Count(ctx context.Context, measurement string) (int64, error) {
	from := measurement
	if !strings.HasPrefix(from, "/") {
		from = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(from) + `"`
	}
	series, err := r.Query(ctx, "SELECT count(*) FROM "+from)
	if err != nil {
		return 0, err
	}
	var n int64
	for _, s := range series {
		for _, row := range s.Rows {
			for c, v := range row {
				if f, ok := v.(float64); ok && s.Columns[c] != "count_quality" {
					n += int64(f)
				}
			}
		}
	}
	return n, nil
}

// Around returns what an asset's devices have reported under a measurement from
// one instant up to another, at most limit rows of each, a Series for each
// device, which its tag "device" names.
func (r *Reader) Around(ctx context.Context, measurement, asset string, from, to plantroom.Instant, limit int) ([]Series, error) {
	name := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(measurement)
	value := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(asset)
	return r.Query(ctx, fmt.Sprintf(`SELECT * FROM "%s" WHERE "asset" = '%s' AND time >= %d AND time < %d GROUP BY "device" ORDER BY time LIMIT %d`,
		name, value, int64(from), int64(to), limit))
}

// answer is the body that /query gives.
type answer struct {
	Error   string `json:"error"`
	Results []struct {
		Error  string `json:"error"`
		Series []struct {
			Name    string            `json:"name"`
			Tags    map[string]string `json:"tags"`
			Columns []string          `json:"columns"`
			Values  [][]any           `json:"values"`
		} `json:"series"`
	} `json:"results"`
}

func decodeAnswer(status int, body io.Reader) ([]Series, error) {
	dec := json.NewDecoder(body)
	dec.UseNumber()
	var a answer
	if err := dec.Decode(&a); err != nil {
		if status != http.StatusOK {
			err = errors.New(http.StatusText(status))
		}
		return nil, unreachable(err)
	}
	if a.Error == "" && len(a.Results) > 0 {
		a.Error = a.Results[0].Error
	}
	switch {
	case status == http.StatusUnauthorized:
		return nil, plantroom.Errorf(plantroom.CodeUnauth, "query InfluxDB: %s; check the token, or user:password for 1.8", a.Error)
	case status == http.StatusForbidden:
		return nil, plantroom.Errorf(plantroom.CodeForbidden, "query InfluxDB: %s; give the token the right to read the database", a.Error)
	case a.Error != "":
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "query InfluxDB: %s", a.Error)
	case status != http.StatusOK || len(a.Results) == 0:
		return nil, unreachable(errors.New(http.StatusText(status)))
	}
	var out []Series
	for _, s := range a.Results[0].Series {
		for _, row := range s.Values {
			plain(row, s.Columns)
		}
		out = append(out, Series{Name: s.Name, Tags: s.Tags, Columns: s.Columns, Rows: s.Values})
	}
	return out, nil
}

// plain makes Instants and floats of a row's numbers.
func plain(row []any, columns []string) {
	for i, v := range row {
		n, ok := v.(json.Number)
		if !ok {
			continue
		}
		if i < len(columns) && columns[i] == "time" {
			if at, err := n.Int64(); err == nil {
				row[i] = plantroom.Instant(at)
				continue
			}
		}
		row[i], _ = n.Float64()
	}
}
