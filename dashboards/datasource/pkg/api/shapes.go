package api

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// Answer is a page of one kind of thing. A field that a newer server adds is
// not looked at.
type Answer[T any] struct {
	Items   []T       `json:"items"`
	Unknown []string  `json:"unknown"` // ids that were asked for and that the estate does not have, as "asset b9-l9"
	AsOf    time.Time `json:"as_of"`   // the history has followed the store up to here
	Next    Cursor    `json:"next"`    // of the next page; "" on the last one, but for events, which go on
	More    bool      `json:"more"`    // there is more than was asked for
}

// Cursor is where the next page begins: an id or, for events, a number.
type Cursor string

// UnmarshalJSON reads either.
func (c *Cursor) UnmarshalJSON(b []byte) error {
	var n int64
	if json.Unmarshal(b, &n) == nil {
		*c = Cursor(strconv.FormatInt(n, 10))
		return nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	*c = Cursor(s)
	return err
}

// Order is a work order in short. Absent times are nil.
type Order struct {
	ID             string     `json:"id"`
	State          string     `json:"state"`
	Severity       string     `json:"severity"`
	Domain         string     `json:"domain"`
	Building       string     `json:"building"`
	Asset          string     `json:"asset"`
	AssetName      Text       `json:"asset_name"`
	Rule           string     `json:"rule"`
	Title          Text       `json:"title"`
	Cause          string     `json:"cause"`
	CauseText      Text       `json:"cause_text"`
	Contractor     string     `json:"contractor"`
	ContractorName Text       `json:"contractor_name"`
	Raised         time.Time  `json:"raised"`
	Acknowledged   *time.Time `json:"acknowledged"`
	Attended       *time.Time `json:"attended"`
	Restored       *time.Time `json:"restored"`
	Verified       *time.Time `json:"verified"`
	Closed         *time.Time `json:"closed"`
	ETA            *time.Time `json:"eta"`
	Clock          *Clock     `json:"clock"`    // the most pressing one; nil: nothing was promised
	Breached       int64      `json:"breached"` // how many of its clocks
	Reopens        int64      `json:"reopens"`
	Href           string     `json:"href"` // path on the server, as /orders/wo-000001
}

// Clock is a promise being timed. Used is the part of its window that is gone:
// 1 is all of it.
type Clock struct {
	Kind  string     `json:"kind"`
	State string     `json:"state"`
	Due   *time.Time `json:"due"`
	Used  float64    `json:"used"`
}

// Incident is one episode of one rule on one asset. End is nil while it lasts.
type Incident struct {
	ID        string     `json:"id"`
	Rule      string     `json:"rule"`
	Title     Text       `json:"title"`
	Asset     string     `json:"asset"`
	AssetName Text       `json:"asset_name"`
	Building  string     `json:"building"`
	Domain    string     `json:"domain"`
	Severity  string     `json:"severity"`
	Cause     string     `json:"cause"`
	CauseText Text       `json:"cause_text"`
	Detail    Text       `json:"detail"`
	Begin     time.Time  `json:"begin"`
	End       *time.Time `json:"end"`
	State     string     `json:"state"`
	Order     string     `json:"order"`
	Href      string     `json:"href"`
}

// Compliance counts the clocks of one group of orders. Key holds what the
// group is of, by the words that were asked for, and names beside ids
// (contractor_name). Share is met/(met+breached), nil where nothing is decided.
type Compliance struct {
	Key                                  map[string]Text
	Promised, Met, Breached, Open, Voids int64
	Share                                *float64
}

// UnmarshalJSON takes the numbers apart from the words of the key.
func (c *Compliance) UnmarshalJSON(b []byte) error {
	var numbers struct {
		Promised int64    `json:"promised"`
		Met      int64    `json:"met"`
		Breached int64    `json:"breached"`
		Open     int64    `json:"open"`
		Void     int64    `json:"void"`
		Share    *float64 `json:"share"`
	}
	if err := json.Unmarshal(b, &numbers); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	*c = Compliance{Key: map[string]Text{}, Promised: numbers.Promised, Met: numbers.Met, Breached: numbers.Breached,
		Open: numbers.Open, Voids: numbers.Void, Share: numbers.Share}
	for name, raw := range all {
		var t Text
		if len(raw) > 0 && (raw[0] == '"' || raw[0] == '{') && t.UnmarshalJSON(raw) == nil {
			c.Key[name] = t
		}
	}
	return nil
}

// Firm is how one contractor did. Times are seconds, the half (p50) and nine
// of ten (p90) of the orders took no longer; nil: there was none.
type Firm struct {
	Contractor     string   `json:"contractor"`
	ContractorName Text     `json:"contractor_name"`
	Orders         int64    `json:"orders"`
	Declined       int64    `json:"declined"`
	Reopened       int64    `json:"reopened"`
	Contradicted   int64    `json:"contradicted"`
	Promised       int64    `json:"promised"`
	Met            int64    `json:"met"`
	Breached       int64    `json:"breached"`
	BreachShare    *float64 `json:"breach_share"`
	AcknowledgeP50 *float64 `json:"acknowledge_p50"`
	AcknowledgeP90 *float64 `json:"acknowledge_p90"`
	AttendP50      *float64 `json:"attend_p50"`
	AttendP90      *float64 `json:"attend_p90"`
	ReleaseP50     *float64 `json:"release_p50"`
	ReleaseP90     *float64 `json:"release_p90"`
	RestoreP50     *float64 `json:"restore_p50"`
	RestoreP90     *float64 `json:"restore_p90"`
}

// Burndown is how one clock of one order was used up.
type Burndown struct {
	Order      string  `json:"order"`
	Asset      string  `json:"asset"`
	AssetName  Text    `json:"asset_name"`
	Clock      string  `json:"clock"`
	State      string  `json:"state"`
	Window     float64 `json:"window_s"`
	Contractor string  `json:"contractor"`
	Firm       Text    `json:"contractor_name"`
	Points     []Point `json:"points"`
}

// Point is the used part of a window at a time; on the wire [TIME, used].
type Point struct {
	At   time.Time
	Used float64
}

// UnmarshalJSON reads the pair.
func (p *Point) UnmarshalJSON(b []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return errors.New("a point is not a pair of time and used part")
	}
	if err := json.Unmarshal(pair[0], &p.At); err != nil {
		return err
	}
	return json.Unmarshal(pair[1], &p.Used)
}

// MarshalJSON writes the pair.
func (p Point) MarshalJSON() ([]byte, error) { return json.Marshal([]any{p.At, p.Used}) }

// States is an asset's states over the range, without gaps.
type States struct {
	Asset     string    `json:"asset"`
	AssetName Text      `json:"asset_name"`
	Building  string    `json:"building"`
	Domain    string    `json:"domain"`
	Segments  []Segment `json:"segments"`
}

// Segment is one state for one while.
type Segment struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	State    string    `json:"state"`
	Text     Text      `json:"text"`
	Order    string    `json:"order"`
	Incident string    `json:"incident"`
}

// Current is an asset's state now. The position is its building's, nil where
// the estate's file has none.
type Current struct {
	Asset        string     `json:"asset"`
	AssetName    Text       `json:"asset_name"`
	Kind         string     `json:"kind"`
	Floor        int64      `json:"floor"`
	Building     string     `json:"building"`
	BuildingName Text       `json:"building_name"`
	Domain       string     `json:"domain"`
	State        string     `json:"state"`
	Text         Text       `json:"text"`
	Since        *time.Time `json:"since"`
	Order        string     `json:"order"`
	Latitude     *float64   `json:"latitude"`
	Longitude    *float64   `json:"longitude"`
}

// KPI is how an asset did. Availability is of the time in which its state was
// known, Known the share of the range in which it was.
type KPI struct {
	Asset        string   `json:"asset"`
	AssetName    Text     `json:"asset_name"`
	Building     string   `json:"building"`
	Domain       string   `json:"domain"`
	Availability *float64 `json:"availability"`
	Known        float64  `json:"known"`
	Downtime     float64  `json:"downtime_s"`
	Faults       int64    `json:"faults"`
	MTBF         *float64 `json:"mtbf_s"`
	MTTR         *float64 `json:"mttr_s"`
}

// Gateway is how a gateway is now. Gateway is "" in a row that counts what is in
// quarantine and came from none of the estate's. What it has not told of itself is nil.
type Gateway struct {
	Gateway        string     `json:"gateway"`
	GatewayName    Text       `json:"gateway_name"`
	Building       string     `json:"building"`
	BuildingName   Text       `json:"building_name"`
	Heard          *time.Time `json:"heard"`
	Silent         bool       `json:"silent"`
	Since          *time.Time `json:"silent_since"`
	Told           *time.Time `json:"told"` // when it told what follows
	Version        string     `json:"version"`
	Clock          string     `json:"clock"`   // set, held or unset
	Backlog        *int64     `json:"backlog"` // records that wait in its spool
	Used           *int64     `json:"spool_used_bytes"`
	Limit          *int64     `json:"spool_limit_bytes"`
	Share          *float64   `json:"spool_share"` // a little above 1 where it is over its limit
	Quarantined    int64      `json:"quarantined"`
	QuarantinedDay int64      `json:"quarantined_24h"`
	QuarantinedNow int64      `json:"quarantined_15m"`
}

// Entry is a row of the ledger in words.
type Entry struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject"`
	Actor   string    `json:"actor"`
	Level   string    `json:"level"` // info, warning or error
	Text    Text      `json:"text"`
	Href    string    `json:"href"`
}

// Estate is what is watched, in short.
type Estate struct {
	ID          string     `json:"id"`
	Name        Text       `json:"name"`
	Zone        string     `json:"zone"` // its time zone, as Asia/Shanghai
	Buildings   []Building `json:"buildings"`
	Contractors []Named    `json:"contractors"`
	Assets      int        `json:"assets"`
}

// Building is a place with assets.
type Building struct {
	ID     string `json:"id"`
	Name   Text   `json:"name"`
	Assets int    `json:"assets"`
}

// Named is a thing with an id and a name.
type Named struct {
	ID   string `json:"id"`
	Name Text   `json:"name"`
}

// Asset is a lift, a wet zone, a bin, a bay.
type Asset struct {
	ID       string `json:"id"`
	Name     Text   `json:"name"`
	Domain   string `json:"domain"`
	Kind     string `json:"kind"`
	Building string `json:"building"`
	Floor    int    `json:"floor"`
}
