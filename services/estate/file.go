package estate

import (
	"encoding/json"

	"plantroom"
)

// file is an estate file as it is written; the schema beside it explains each
// key.
type file struct {
	Estate      plantroom.EstateID   `json:"estate"`
	Name        text                 `json:"name"`
	TimeZone    string               `json:"time_zone"`
	Profile     string               `json:"profile"`
	Currency    string               `json:"currency"`
	Lang        string               `json:"lang"`
	Buildings   []building           `json:"buildings"`
	Zones       []zone               `json:"zones"`
	Gateways    []gateway            `json:"gateways"`
	Assets      []asset              `json:"assets"`
	People      []person             `json:"people"`
	Contractors []contractor         `json:"contractors"`
	Contracts   []contract           `json:"contracts"`
	Ladders     []ladder             `json:"ladders"`
	Calendars   []calendar           `json:"calendars"`
	Works       []planned            `json:"works"`
	WorksNotice []plantroom.Duration `json:"works_notice"`
	Tests       []channelTest        `json:"channel_tests"`
	Playbooks   []string             `json:"playbooks"`
	CaseBooks   []string             `json:"case_playbooks"`
	CaseHours   plantroom.CalendarID `json:"case_hours"`
}

type channelTest struct {
	Channel string             `json:"channel"`
	Person  plantroom.PersonID `json:"person"`
	At      string             `json:"at"`
}

// text is a name, written plainly or by language.
type text plantroom.Text

func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &t.En)
	}
	return json.Unmarshal(b, (*plantroom.Text)(t))
}

type building struct {
	ID     plantroom.BuildingID `json:"id"`
	Name   text                 `json:"name"`
	Floors int                  `json:"floors"`
	Where  *plantroom.Position  `json:"position"`
	Flats  *struct {
		From   int      `json:"from"`
		To     int      `json:"to"`
		Risers []string `json:"risers"`
	} `json:"flats"`
}

type zone struct {
	ID       plantroom.ZoneID     `json:"id"`
	Building plantroom.BuildingID `json:"building"`
	Kind     string               `json:"kind"`
	Floor    int                  `json:"floor"`
	Riser    string               `json:"riser"`
	Name     text                 `json:"name"`
}

type gateway struct {
	ID   plantroom.GatewayID `json:"id"`
	Zone plantroom.ZoneID    `json:"zone"`
	Name text                `json:"name"`
}

type asset struct {
	Each *struct {
		ZoneKind string               `json:"zone_kind"`
		Building plantroom.BuildingID `json:"building"`
		Numbers  []int                `json:"numbers"` // the first and the last
	} `json:"each"`
	ID       string               `json:"id"`
	Domain   plantroom.DomainName `json:"domain"`
	Kind     string               `json:"kind"`
	Building plantroom.BuildingID `json:"building"`
	Zone     plantroom.ZoneID     `json:"zone"`
	Floor    *int                 `json:"floor"`
	Name     text                 `json:"name"`
	Params   map[string]float64   `json:"params"`
	Devices  []device             `json:"devices"`
}

type device struct {
	ID       string             `json:"id"`
	Gateway  string             `json:"gateway"`
	Model    string             `json:"model"`
	Interval plantroom.Duration `json:"interval"`
}

type address struct {
	Channel  string             `json:"channel"`
	To       string             `json:"to"`
	Severity plantroom.Severity `json:"severity"`
}

type person struct {
	ID       plantroom.PersonID `json:"id"`
	Name     string             `json:"name"`
	Role     string             `json:"role"`
	Lang     string             `json:"lang"`
	Zone     plantroom.ZoneID   `json:"zone"`
	Needs    []string           `json:"needs"`
	Channels []address          `json:"channels"`
	Quiet    *struct {
		Hours []hours            `json:"hours"`
		Below plantroom.Severity `json:"below"`
	} `json:"quiet"`
}

// planned are planned works.
type planned struct {
	ID         plantroom.WorksID      `json:"id"`
	Title      text                   `json:"title"`
	Text       text                   `json:"text"`
	Assets     []plantroom.AssetID    `json:"assets"`
	Floors     []int                  `json:"floors"`
	Contractor plantroom.ContractorID `json:"contractor"`
	From       string                 `json:"from"`
	To         string                 `json:"to"`
	Hold       plantroom.HeldCalls    `json:"hold"`
}

type contractor struct {
	ID          plantroom.ContractorID `json:"id"`
	Name        text                   `json:"name"`
	Technicians []plantroom.PersonID   `json:"technicians"`
	Lang        string                 `json:"lang"`
	Channels    []address              `json:"channels"`
	Roster      []shift                `json:"roster"`
	Rotations   []rotation             `json:"rotations"`
	Swaps       []swap                 `json:"swaps"`
	Overrides   []override             `json:"overrides"`
}

type shift struct {
	Days   []string             `json:"days"`
	Start  string               `json:"start"`
	End    string               `json:"end"`
	People []plantroom.PersonID `json:"people"`
}

type contract struct {
	ID         plantroom.ContractID   `json:"id"`
	Contractor plantroom.ContractorID `json:"contractor"`
	Title      text                   `json:"title"`
	Domains    []plantroom.DomainName `json:"domains"`
	Buildings  []plantroom.BuildingID `json:"buildings"`
	From       string                 `json:"from"`
	To         string                 `json:"to"`
	Windows    []struct {
		Clock    plantroom.ClockKind  `json:"clock"`
		Severity plantroom.Severity   `json:"severity"`
		Length   plantroom.Duration   `json:"length"`
		Calendar plantroom.CalendarID `json:"calendar"`
		From     plantroom.ClockStart `json:"from"`
		Until    plantroom.ClockStop  `json:"until"`
		Source   string               `json:"source"`
	} `json:"windows"`
	Pauses []struct {
		Code    string                `json:"code"`
		Title   text                  `json:"title"`
		Clocks  []plantroom.ClockKind `json:"clocks"`
		Proof   bool                  `json:"proof"`
		Second  bool                  `json:"second"`
		Longest plantroom.Duration    `json:"longest"`
		Source  string                `json:"source"`
	} `json:"pauses"`
	OnSite bool               `json:"on_site"`
	Travel plantroom.Duration `json:"travel"`
	Price  struct {
		Yearly  float64              `json:"yearly"`
		CallOut float64              `json:"call_out"`
		Outside plantroom.CalendarID `json:"call_out_outside"`
		Hour    float64              `json:"hour"`
	} `json:"price"`
	Penalties   []penalty          `json:"penalties"`
	PenaltyCap  penaltyCap         `json:"penalty_cap"`
	Exclusions  []exclusion        `json:"exclusions"`
	Reply       plantroom.Duration `json:"reply"`
	CleanCycles int                `json:"clean_cycles"`
	Reopen      plantroom.Duration `json:"reopen"`
	ReopenClock string             `json:"reopen_clock"`
	Ladder      plantroom.LadderID `json:"ladder"`
}

type penalty struct {
	Clock     plantroom.ClockKind `json:"clock"`
	Severity  plantroom.Severity  `json:"severity"`
	Amount    float64             `json:"amount"`
	Percent   float64             `json:"percent"`
	Per       plantroom.Duration  `json:"per"`
	PerAmount float64             `json:"per_amount"`
	Most      float64             `json:"most"`
	Source    string              `json:"source"`
}

type penaltyCap struct {
	Amount  float64 `json:"amount"`
	Percent float64 `json:"percent"`
	Source  string  `json:"source"`
}

type exclusion struct {
	Causes []string           `json:"causes"`
	Rules  []plantroom.RuleID `json:"rules"`
	Source string             `json:"source"`
}

type ladder struct {
	ID     plantroom.LadderID `json:"id"`
	Levels []struct {
		After  plantroom.Duration     `json:"after"`
		People []plantroom.PersonID   `json:"people"`
		OnDuty plantroom.ContractorID `json:"on_duty"`
		Repeat plantroom.Duration     `json:"repeat"`
	} `json:"levels"`
	Then struct {
		Ladder plantroom.LadderID `json:"ladder"`
		After  plantroom.Duration `json:"after"`
	} `json:"then"`
}

type calendar struct {
	ID      plantroom.CalendarID `json:"id"`
	Name    text                 `json:"name"`
	Hours   []hours              `json:"hours"`
	Special []struct {
		Date  string  `json:"date"`
		Name  string  `json:"name"`
		Hours []hours `json:"hours"`
	} `json:"special"`
}

type hours struct {
	Days  []string `json:"days"`
	Start string   `json:"start"`
	End   string   `json:"end"`
}
