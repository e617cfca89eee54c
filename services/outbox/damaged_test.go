package outbox_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/outbox"
)

// damage writes over the stored document of a call.
func (o *office) damage(id plantroom.MessageID, doc string) {
	o.t.Helper()
	db, err := sql.Open("sqlite", o.path)
	if err != nil {
		o.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(o.t.Context(), "UPDATE calls SET doc = ? WHERE id = ?", doc, string(id)); err != nil {
		o.t.Fatal(err)
	}
}

func TestADamagedCallIsSetAsideWithTheReasonAndHoldsUpNoOther(t *testing.T) {
	for name, doc := range map[string]string{"not JSON": "{\"id\":", "another type": `{"id":"msg-1","attempts":"many"}`, "nothing": "", "empty": "{}", "null": "null", "another call's": `{"id":"msg-2"}`} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			o.put(plantroom.Call{ID: "msg-1", To: "a"}, plantroom.Call{ID: "msg-2", To: "a"}, plantroom.Call{ID: "msg-3", To: "b"})
			o.damage("msg-1", doc)
			o.deliver(2, 1)
			if slices.Contains(o.hook.tried, "msg-1") {
				t.Error("nobody knows what it said, and it was sent")
			}
			c := o.call("msg-1")
			if c.State != plantroom.CallDead || !c.Damaged || !strings.Contains(c.LastErr, "damaged") || c.Done != o.now {
				t.Errorf("%+v", c)
			}
			if rows := o.rows(); !slices.Contains(rows, "call.dead") {
				t.Errorf("the ledger does not say so: %q", rows)
			}
			o.deliver(0, 0)
			err := o.store.Update(t.Context(), func(tx plantroom.Tx) error {
				_, err := outbox.Retry(tx, o.now, "person:lin", "msg-1")
				return err
			})
			if plantroom.CodeOf(err) != plantroom.CodeTransition {
				t.Errorf("sent again by hand: %v", err)
			}
		})
	}
}

func TestACallThatIsDamagedBeforeItsOutcomeIsNotedHoldsUpNoOther(t *testing.T) {
	o := newOffice(t)
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	o.store.set(errAway)
	if sent, _, err := o.box.Deliver(t.Context(), o.now); sent != 1 || err == nil {
		t.Fatal(sent, err)
	}
	o.store.set(nil)
	o.damage("msg-1", "?")
	o.put(plantroom.Call{ID: "msg-2", To: "b"})
	o.deliver(1, 0)
	if c := o.call("msg-1"); c.State != plantroom.CallSent {
		t.Errorf("it was taken, and is %+v", c)
	}
}
