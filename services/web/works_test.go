package web_test

import (
	"net/http"
	"testing"
	"time"
)

func TestThePageOfPlannedWorksListsWhomToCallAndTakesWhatIsSaid(t *testing.T) {
	s := newSite(t)
	s.signIn()
	s.get("/works").wants(t, http.StatusOK, "No works are planned.")
	s.Planned("painting")
	s.get("/works").wants(t, http.StatusOK, "Painting", "planned", "Lift 1, block 1", "Call them off", "not:They are done")
	s.get("/works").wants(t, http.StatusOK, "Chen &lt;Bo&gt;", "b1-12a, floor 12 · wheelchair", "I have talked to them")
	s.press("/works/painting/reached", "person", "chen").wants(t, http.StatusOK, "reached by", "not:I have talked to them")
	s.press("/works/painting/cancel").wants(t, http.StatusBadRequest, "say why")
	s.press("/works/painting/finish").wants(t, http.StatusConflict, "have not begun")
	s.press("/works/painting/paint").wants(t, http.StatusNotFound)
	s.press("/works/nothing/cancel", "reason", "rain").wants(t, http.StatusNotFound)
	s.Pass(24*time.Hour + time.Minute)
	s.get("/works").wants(t, http.StatusOK, "under way", "They are done", "They take longer")
	o := s.Open(doorFault)
	s.get("/orders/"+string(o.ID)).wants(t, http.StatusOK, "During planned works painting", `href="/works#painting"`)
	s.press("/works/painting/extend", "minutes", "soon", "reason", "rain").wants(t, http.StatusBadRequest, "Say in how many minutes")
	s.press("/works/painting/extend", "minutes", "300", "reason", "rain").wants(t, http.StatusOK, "under way")
	s.press("/works/painting/finish").wants(t, http.StatusOK, "done", "not:Call them off")
	s.get("/works?lang=zh").wants(t, http.StatusOK, "计划施工", "已完工")
}
