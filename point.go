package plantroom

// Series says whose values a point carries: the InfluxDB measurement and the
// tags. One Series is made per device and measurement and shared by all its
// points, so that a writer may keep what it has rendered under the pointer.
// It is never changed.
type Series struct {
	Measurement string
	Estate      EstateID
	Building    BuildingID
	Asset       AssetID
	Device      DeviceID
}

// Point is one reading as the time-series database keeps it: field Signal of
// Series at At. A Quality other than Good is kept beside it, so that a doubtful
// value is not drawn as a sure one.
type Point struct {
	Series  *Series
	Signal  string
	Value   Value
	Quality Quality
	At      Instant
}

// Refused is a point that the time-series database will never take.
type Refused struct {
	Index  int // in the points that were handed over
	Reason string
}
