package broker

import "testing"

func TestAClientIDBelongsToTheLongestUserName(t *testing.T) {
	a, err := newAccess([]Account{{Username: "gw", Password: "x"}, {Username: "gw-b1", Password: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"gw": "gw", "gw-uplink": "gw", "gw-b1": "gw-b1", "gw-b1-uplink": "gw-b1", "gw-b2": "gw", "gwx": "", "": "", "-": "",
	} {
		if got := a.owner(id); got != want {
			t.Errorf("%q belongs to %q, want %q", id, got, want)
		}
	}
}
