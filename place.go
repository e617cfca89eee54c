package plantroom

// Text is a sentence in the languages that the faces speak.
type Text struct {
	En string `json:"en" yaml:"en"`
	Zh string `json:"zh,omitempty" yaml:"zh,omitempty"`
}

// In returns the text in a language ("en" or "zh"), English where it has none.
func (t Text) In(lang string) string {
	if lang == "zh" && t.Zh != "" {
		return t.Zh
	}
	return t.En
}

// Estate is everything that one installation knows of one residential estate:
// its places, what is watched, by which devices, and who has promised what.
// It is a value: loading a changed file makes a new one.
type Estate struct {
	ID        EstateID
	Name      Text
	Zone      string  // IANA time zone, as in Asia/Shanghai
	Profile   string  // jurisdiction profile, as in cn-urban
	Law       Profile // the profile, where the estate brings its own; without an ID it is one of those that are built in
	Currency  string  // ISO 4217
	Lang      string  // of people and contractors who have no other: en or zh
	Buildings []Building
	Zones     []Zone
	Assets    []Asset
	Gateways  []Gateway
	Devices   []Device
	People    []Person

	Contractors []Contractor
	Contracts   []Contract
	Ladders     []Ladder
	Calendars   []Calendar
	Playbooks   []Playbook // of its own; they go before those that are built in

	CasePlaybooks []CasePlaybook // of its own, for residents' cases; one goes before a built-in one of its id
	CaseHours     CalendarID     // in whose hours the times of cases count; "": weekdays, 09:00 to 17:00

	Works       []Works    // planned, as the file declares them
	WorksNotice []Duration // how long before the beginning residents are told, the longest first
	Tests       []ChannelTest
}

// Building is one block of the estate.
type Building struct {
	ID     BuildingID
	Name   Text
	Floors int // storeys above ground; floor 0 is the entrance, basements are negative
	// Position is where it stands, for maps; nil: not known.
	Position *Position
}

// Position is a place on Earth: degrees of WGS 84, north and east positive.
type Position struct {
	Latitude  float64 `json:"latitude"`  // -90 to 90
	Longitude float64 `json:"longitude"` // -180 to 180
}

// Zone is a part of a building: a flat, a riser section, a plant room, a
// waste point, a stretch of kerb.
type Zone struct {
	ID       ZoneID
	Building BuildingID
	Kind     string // flat, riser, plant_room, waste_point, car_park, frontage
	Floor    int
	Riser    string // the water riser a flat hangs on; "" where there is none
	Name     Text
}

// Asset is a thing that is watched and repaired: a lift, a wet zone (room or
// riser section), a bin, a bay.
type Asset struct {
	ID       AssetID
	Domain   DomainName
	Kind     string // within the domain: passenger, firefighters; spot, rope; rigid_1100; fire_lane …
	Building BuildingID
	Zone     ZoneID
	Floor    int
	Name     Text
	Params   map[string]float64 // numbers a domain needs per asset, as in bin depth; named in its doc
}

// Gateway is an edge computer in a plant room.
type Gateway struct {
	ID   GatewayID
	Name Text
	Zone ZoneID
}

// Device is a piece of hardware that measures an asset through a gateway.
type Device struct {
	ID       DeviceID
	Asset    AssetID
	Gateway  GatewayID
	Model    string
	Interval Duration // the longest time between two signs of life; 0: not known, silence is not judged
}

// Person is somebody who may be called.
type Person struct {
	ID       PersonID
	Name     string
	Role     string   // manager, engineer, technician, resident
	Zone     ZoneID   // where a resident lives; "": not known
	Needs    []string // what a resident has registered, as in "wheelchair"; handle with care
	Lang     string   // en or zh
	Channels []Address
	Quiet    Quiet
}

// Quiet says when somebody is not called about what can wait: calls about
// orders below a severity are held until the hours end. The zero Quiet holds
// nothing, and none ever holds a call about an order on which a life depends.
type Quiet struct {
	Hours []Hours // on the clocks of the estate's zone
	Below Severity
}

// ChannelTest is a call that is made every day to see that a channel works.
type ChannelTest struct {
	Channel string
	Person  PersonID // who expects it, and has an address on the channel
	At      Duration // after midnight, on the clocks of the estate's zone
}

// Address is how to reach a person or a contractor on one channel.
type Address struct {
	Channel  string   // webhook, mqtt, email, or one that a template describes
	To       string   // what the channel understands: a URL, a topic suffix, an address
	Severity Severity `json:",omitzero"` // from which on it is used; NoSeverity: always. Calls have no use for it
}
