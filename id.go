package plantroom

import "fmt"

// Identifiers. All of them are short lower-case slugs (see ValidID), so that
// they stand unescaped in MQTT topics, URLs, InfluxDB tags and file names. An
// asset, a zone and a device are unique within their estate.
type (
	EstateID     string
	BuildingID   string
	ZoneID       string
	AssetID      string
	DeviceID     string
	GatewayID    string
	PersonID     string
	ContractorID string
	ContractID   string
	LadderID     string
	CalendarID   string
	RuleID       string // "<domain>.<rule>", as in lift.fault
	IncidentID   string // derived from rule, asset and episode; see NewIncidentID
	OrderID      string // "wo-" and a running number
	MessageID    string // an outbox message; stable over retries
)

// MaxID is the longest identifier, in bytes.
const MaxID = 64

// ValidID reports what is wrong with an identifier: 1 to 64 bytes of a-z, 0-9,
// '-', '_' and '.', the first a letter or a digit.
func ValidID(s string) error {
	if s == "" {
		return Errorf(CodeInvalid, "id is empty: use 1 to %d of a-z 0-9 - _ .", MaxID)
	}
	if len(s) > MaxID {
		return Errorf(CodeInvalid, "id %q… is longer than %d bytes", s[:16], MaxID)
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case i > 0 && (c == '-' || c == '_' || c == '.'):
		default:
			return Errorf(CodeInvalid, "id %q holds %q: use a-z 0-9 - _ . with a letter or digit first", s, fmt.Sprintf("%c", c))
		}
	}
	return nil
}
