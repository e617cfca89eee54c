package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/httpapi/guard"
	"plantroom/services/works"
)

// announceView is the form on which planned works are announced: what was typed,
// and what is wrong with it by field.
type announceView struct {
	ID                           string
	TitleEn, TitleZh             string
	TextEn, TextZh               string
	Floors, Contractor, From, To string
	Hold                         string
	Zone                         string
	Wrong                        map[string]string
	Said                         string
	Faults                       int
	Buildings                    []buildingChoice
	Firms, Holds                 []choice
	MaxAssets                    int
}

type (
	buildingChoice struct {
		Name    string
		Domains []domainChoice
	}
	domainChoice struct {
		Title  string
		Assets []assetChoice
		Open   bool // few enough to be shown at once, or one of them is chosen
	}
	assetChoice struct {
		Value, Label string
		Chosen       bool
	}
)

// announceForm shows an empty form. The name of the works is made with it, so that
// a form that is sent twice announces once.
func (p *Pages) announceForm(w http.ResponseWriter, r *http.Request, say words) error {
	begin := say.now.Time().In(say.zone).AddDate(0, 0, 7)
	day := time.Date(begin.Year(), begin.Month(), begin.Day(), 9, 0, 0, 0, say.zone)
	v := announceView{ID: "works-" + day.Format("20060102") + "-" + strings.ToLower(rand.Text()[:6]),
		From: day.Format(inputTime), To: day.Add(3 * time.Hour).Format(inputTime)}
	return p.showAnnounce(w, r, say, http.StatusOK, v, nil)
}

func (p *Pages) showAnnounce(w http.ResponseWriter, r *http.Request, say words, status int, v announceView, chosen []plantroom.AssetID) error {
	e := p.opt.Estate()
	v.Zone, v.Faults, v.MaxAssets = e.Zone, len(v.Wrong), works.MaxAssets
	for _, b := range e.Buildings {
		if c := p.assetChoices(say, e, b, chosen); len(c.Domains) > 0 {
			v.Buildings = append(v.Buildings, c)
		}
	}
	for _, c := range e.Contractors {
		v.Firms = append(v.Firms, choice{string(c.ID), contractorName(e, c.ID, say.lang)})
	}
	v.Holds = []choice{{"", say.t("works.hold.none")}, {string(plantroom.HoldManagers), say.t("works.hold.managers")}, {string(plantroom.HoldAll), say.t("works.hold.all")}}
	return p.render(w, r, status, "announce.html", say, page{Title: say.t("works.announce"), Path: "/announce", Body: v})
}

// mostOpen is how many assets of a kind are shown at once: a block of flats has a
// sensor in every bathroom.
const mostOpen = 12

// assetChoices lists the assets of a building, by domain.
func (p *Pages) assetChoices(say words, e *plantroom.Estate, b plantroom.Building, chosen []plantroom.AssetID) buildingChoice {
	c := buildingChoice{Name: nameOr(b.Name, string(b.ID), say.lang)}
	for _, d := range p.opt.Domains {
		of := domainChoice{Title: d.Title.In(say.lang)}
		for _, a := range e.Assets {
			if a.Building != b.ID || a.Domain != d.Name {
				continue
			}
			is := slices.Contains(chosen, a.ID)
			of.Assets, of.Open = append(of.Assets, assetChoice{string(a.ID), nameOr(a.Name, string(a.ID), say.lang), is}), of.Open || is
		}
		if of.Open = of.Open || len(of.Assets) <= mostOpen; len(of.Assets) > 0 {
			c.Domains = append(c.Domains, of)
		}
	}
	return c
}

// announce declares works. A form with faults comes back as it was sent, with each
// fault beside its field.
func (p *Pages) announce(w http.ResponseWriter, r *http.Request, say words) error {
	if err := parseForm(r); err != nil {
		return err
	}
	v, one := say.readAnnounced(r)
	for _, f := range works.Faults(p.opt.Estate(), &one, say.now) {
		key := string(f.Field)
		if v.Wrong[key] == "" && (key != "to" || v.Wrong["from"] == "") {
			v.Wrong[key] = say.t("works.wrong." + key + "." + string(f.Kind))
		}
	}
	if len(v.Wrong) > 0 {
		return p.showAnnounce(w, r, say, http.StatusBadRequest, v, one.Assets)
	}
	kept, err := p.opt.Desk.DeclareWorks(r.Context(), guard.Who(r.Context()).Actor, one)
	switch plantroom.CodeOf(err) {
	case "":
		http.Redirect(w, r, worksPath(kept.ID), http.StatusSeeOther)
		return nil
	case plantroom.CodeConflict:
		v.Said = say.t("works.announced_otherwise")
		return p.showAnnounce(w, r, say, http.StatusConflict, v, one.Assets)
	case plantroom.CodeInvalid, plantroom.CodeTooLarge:
		v.Said = p.refusal(say, err)
		return p.showAnnounce(w, r, say, http.StatusBadRequest, v, one.Assets)
	}
	return err
}

// readAnnounced reads the form: as it was typed, and as works. Nothing is cut: what
// is too long is a fault, and comes back.
func (s words) readAnnounced(r *http.Request) (announceView, plantroom.Works) {
	f := r.PostForm
	get := func(name string) string { return strings.TrimSpace(strings.ToValidUTF8(f.Get(name), "")) }
	v := announceView{ID: get("id"), TitleEn: get("title_en"), TitleZh: get("title_zh"), TextEn: get("text_en"), TextZh: get("text_zh"), Floors: get("floors"),
		Contractor: get("contractor"), From: get("from"), To: get("to"), Hold: get("hold"), Wrong: map[string]string{}}
	w := plantroom.Works{ID: plantroom.WorksID(v.ID), Title: plantroom.Text{En: v.TitleEn, Zh: v.TitleZh}, Text: plantroom.Text{En: v.TextEn, Zh: v.TextZh},
		Contractor: plantroom.ContractorID(v.Contractor), Hold: plantroom.HeldCalls(v.Hold)}
	if w.Title.En == "" {
		w.Title.En = w.Title.Zh // one of the two is enough
	}
	for _, id := range f["assets"] {
		w.Assets = append(w.Assets, plantroom.AssetID(id))
	}
	var ok bool
	if w.From, ok = s.read(v.From); !ok {
		v.Wrong["from"] = s.t("works.wrong.time")
	}
	if w.To, ok = s.read(v.To); !ok {
		v.Wrong["to"] = s.t("works.wrong.time")
	}
	if w.Floors, ok = readFloors(v.Floors); !ok {
		v.Wrong["floors"] = s.t("works.wrong.floors")
	}
	return v, w
}

// floorRange is one floor, or some from one to another; basements are negative.
var floorRange = regexp.MustCompile(`^(-?\d{1,3})(?:\s*(?:-|–|~|至)\s*(-?\d{1,3}))?$`)

// readFloors reads floors as in "3, 5-8, -1". They come back sorted and once.
func readFloors(s string) ([]int, bool) {
	if s == "" {
		return nil, true
	}
	var floors []int
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(",;，、；", r) }) {
		m := floorRange.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return nil, false
		}
		from, _ := strconv.Atoi(m[1])
		to := from
		if m[2] != "" {
			to, _ = strconv.Atoi(m[2])
		}
		if to < from || len(floors)+to-from > 2*works.MaxFloors {
			return nil, false
		}
		for n := from; n <= to; n++ {
			floors = append(floors, n)
		}
	}
	slices.Sort(floors)
	return slices.Compact(floors), true
}

// floorsText writes floors as readFloors reads them; "" for all.
func floorsText(floors []int) string {
	floors = slices.Sorted(slices.Values(floors))
	var parts []string
	for i := 0; i < len(floors); {
		j := i
		for j+1 < len(floors) && floors[j+1] == floors[j]+1 {
			j++
		}
		switch {
		case i == j:
			parts = append(parts, strconv.Itoa(floors[i]))
		default:
			parts = append(parts, fmt.Sprintf("%d–%d", floors[i], floors[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
