package web

import "plantroom"

// place is where an asset is, in words.
type place struct {
	Asset    string // the asset's name, or a gateway's
	Where    string // building, floor, zone
	Known    bool   // it has a page of its own
	Building string
}

// placeOf finds an asset or, for incidents of silence, a gateway or device.
// What the estate does not know (any more) goes by its id.
func (s words) placeOf(e *plantroom.Estate, id plantroom.AssetID) place {
	for _, a := range e.Assets {
		if a.ID == id {
			b := buildingName(e, a.Building, s.lang)
			return place{Asset: nameOr(a.Name, string(id), s.lang), Where: s.where(e, a, b), Known: true, Building: b}
		}
	}
	for _, g := range e.Gateways {
		if plantroom.AssetID(g.ID) == id {
			return place{Asset: nameOr(g.Name, string(id), s.lang), Where: zoneName(e, g.Zone, s.lang)}
		}
	}
	return place{Asset: string(id)}
}

func (s words) where(e *plantroom.Estate, a plantroom.Asset, building string) string {
	text := building
	if a.Floor > 0 {
		text += " · " + s.t("place.floor", a.Floor)
	} else if a.Floor < 0 {
		text += " · " + s.t("place.basement", -a.Floor)
	}
	if z := zoneName(e, a.Zone, s.lang); z != "" {
		text += " · " + z
	}
	return text
}

func buildingName(e *plantroom.Estate, id plantroom.BuildingID, lang string) string {
	for _, b := range e.Buildings {
		if b.ID == id {
			return nameOr(b.Name, string(id), lang)
		}
	}
	return string(id)
}

func zoneName(e *plantroom.Estate, id plantroom.ZoneID, lang string) string {
	for _, z := range e.Zones {
		if z.ID == id {
			return nameOr(z.Name, string(id), lang)
		}
	}
	return string(id)
}

func nameOr(t plantroom.Text, id, lang string) string {
	if s := t.In(lang); s != "" {
		return s
	}
	return id
}
