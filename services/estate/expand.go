package estate

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"plantroom"
)

// assets lays out the assets and their devices; an entry with each: becomes
// one asset for every zone of a kind, or for every number.
func (c *checker) assets(e *plantroom.Estate, f file) {
	zones := make(map[plantroom.ZoneID]plantroom.Zone, len(e.Zones))
	for _, z := range e.Zones {
		zones[z.ID] = z
	}
	for i, a := range f.Assets {
		at := fmt.Sprintf("/assets/%d", i)
		if !c.doc.Sound(at) {
			continue
		}
		z := zones[a.Zone]
		if z.ID == "" {
			z = plantroom.Zone{ID: a.Zone, Building: a.Building}
		}
		switch {
		case a.Each == nil:
			c.asset(e, at, a, z, 0)
			continue
		case (a.Each.ZoneKind == "") == (len(a.Each.Numbers) == 0):
			c.fault(at+"/each", "it has to be either for the zones of a kind or for numbers", "write zone_kind: flat, or numbers: [1, 40]")
			continue
		case a.Each.ZoneKind == "":
			if !c.numbered(e, at, a, z) {
				return
			}
			continue
		}
		n := 0
		for _, z := range e.Zones {
			if z.Kind == a.Each.ZoneKind && (a.Each.Building == "" || z.Building == a.Each.Building) {
				if len(e.Assets) >= maxAssets {
					c.fault(at+"/each", fmt.Sprintf("with these the estate has more than %d assets", maxAssets), "keep it below that")
					return
				}
				c.asset(e, at, a, z, 0)
				n++
			}
		}
		if n == 0 && c.zonesWhole() {
			c.fault(at+"/each", fmt.Sprintf("no zone is of kind %q there", a.Each.ZoneKind), "name a kind that a building or zone of this file has, as in flat")
		}
	}
}

// numbered makes an asset of each number, and reports whether the estate has room
// for more.
func (c *checker) numbered(e *plantroom.Estate, at string, a asset, z plantroom.Zone) bool {
	first, last := a.Each.Numbers[0], a.Each.Numbers[1]
	if !strings.Contains(a.ID, "{number") {
		c.fault(at+"/id", "all that are numbered would have this id", "put {number} or {number2} into it, and into those of the devices")
		return true
	}
	if first > last {
		c.fault(at+"/each/numbers", fmt.Sprintf("%d comes after %d", first, last), "write the first and the last, as in [1, 40]")
		return true
	}
	if len(e.Assets)+last-first >= maxAssets {
		c.fault(at+"/each", fmt.Sprintf("with these the estate has more than %d assets", maxAssets), "keep it below that")
		return false
	}
	for n := first; n <= last; n++ {
		c.asset(e, at, a, z, n)
	}
	return true
}

func (c *checker) asset(e *plantroom.Estate, at string, a asset, z plantroom.Zone, number int) {
	fill := strings.NewReplacer("{zone}", string(z.ID), "{building}", string(z.Building), "{floor}", strconv.Itoa(z.Floor), "{riser}", z.Riser,
		"{number}", strconv.Itoa(number), "{number2}", fmt.Sprintf("%02d", number))
	out := plantroom.Asset{ID: plantroom.AssetID(c.id(at+"/id", fill.Replace(a.ID))), Domain: a.Domain, Kind: a.Kind,
		Building: z.Building, Zone: z.ID, Floor: z.Floor, Params: a.Params,
		Name: plantroom.Text{En: fill.Replace(a.Name.En), Zh: fill.Replace(a.Name.Zh)}}
	if a.Building != "" {
		out.Building = a.Building
	}
	if a.Floor != nil {
		out.Floor = *a.Floor
	}
	if out.Name.En == "" {
		out.Name = plantroom.Text{En: string(out.ID)}
	}
	c.place(plantroom.AssetID(out.ID), at)
	e.Assets = append(e.Assets, out)
	if len(e.Devices)+len(a.Devices) > maxDevices {
		if !c.crowded { // once: what comes behind it has no room either
			c.fault(at+"/devices", fmt.Sprintf("with these the estate has more than %d devices", maxDevices), "keep it below that")
		}
		c.crowded = true
		return
	}
	for j, d := range a.Devices {
		dp := fmt.Sprintf("%s/devices/%d", at, j)
		e.Devices = append(e.Devices, plantroom.Device{ID: plantroom.DeviceID(c.id(dp+"/id", fill.Replace(d.ID))), Asset: out.ID,
			Gateway: plantroom.GatewayID(fill.Replace(d.Gateway)), Model: d.Model, Interval: d.Interval})
		c.devices = append(c.devices, dp)
	}
}

// id checks an identifier that was put together from a pattern.
func (c *checker) id(path, s string) string {
	if err := plantroom.ValidID(s); err != nil {
		c.fault(path, err.Error(), "the permitted fields are {zone} {building} {floor} {riser} {number} {number2}")
	}
	return s
}

func named(t text, id string) plantroom.Text {
	if t.En == "" {
		t.En = id
	}
	return plantroom.Text(t)
}

func addresses(as []address) []plantroom.Address {
	out := make([]plantroom.Address, len(as))
	for i, a := range as {
		out[i] = plantroom.Address{Channel: a.Channel, To: a.To, Severity: a.Severity}
	}
	return out
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func weekdays(names []string) []time.Weekday {
	var out []time.Weekday
	for _, n := range names {
		for i, d := range dayNames {
			if n == d {
				out = append(out, time.Weekday(i))
			}
		}
	}
	return out
}

// clockTime reads "08:30", whose form the schema has checked.
func clockTime(s string) plantroom.Duration {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0
	}
	return plantroom.Duration(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute)
}

func upper(s string) string { return strings.ToUpper(s) }
