package store

import (
	"database/sql"

	"plantroom"
)

const configurationColumns = "SELECT gateway, serial, sum, message, who, issued, outcome, detail, answered FROM configurations"

func scanConfiguration(rows *sql.Rows) (c plantroom.Configuration, err error) {
	var serial int64
	var sum []byte
	err = rows.Scan(&c.Gateway, &serial, &sum, &c.Message, &c.By, &c.Issued, &c.Outcome, &c.Detail, &c.Answered)
	c.Serial = uint64(serial)
	copy(c.Sum[:], sum)
	return c, err
}

// Configuration returns the newest one of a gateway.
func (t *tx) Configuration(gw plantroom.GatewayID) (plantroom.Configuration, bool, error) {
	cs, err := list(t, "read the configuration of "+string(gw), configurationColumns+" WHERE gateway = ? ORDER BY serial DESC LIMIT 1",
		scanConfiguration, string(gw))
	if err != nil || len(cs) == 0 {
		return plantroom.Configuration{}, false, err
	}
	return cs[0], true, nil
}

// Configurations returns the newest one of each gateway, by gateway.
func (t *tx) Configurations() ([]plantroom.Configuration, error) {
	return list(t, "read the configurations", configurationColumns+` AS c WHERE serial =
		(SELECT max(serial) FROM configurations WHERE gateway = c.gateway) ORDER BY gateway`, scanConfiguration)
}

// InsertConfiguration keeps a new one, and of the gateway's others no message.
func (t *tx) InsertConfiguration(c plantroom.Configuration) error {
	op := "write a configuration of " + string(c.Gateway)
	last, ok, err := t.Configuration(c.Gateway)
	if err != nil {
		return err
	}
	if ok && c.Serial <= last.Serial || c.Serial < 1 || c.Serial > 1<<63-1 {
		return conflict(op, "serial %d is not above %d", c.Serial, last.Serial)
	}
	if _, err := t.exec(op, "UPDATE configurations SET message = NULL WHERE gateway = ? AND message IS NOT NULL", string(c.Gateway)); err != nil {
		return err
	}
	_, err = t.exec(op, `INSERT INTO configurations (gateway, serial, sum, message, who, issued, outcome, detail, answered)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(c.Gateway), int64(c.Serial), c.Sum[:], c.Message, c.By, int64(c.Issued), c.Outcome, c.Detail, int64(c.Answered))
	return err
}

// AnswerConfiguration writes what the gateway says of one that is there.
func (t *tx) AnswerConfiguration(c plantroom.Configuration) error {
	op := "write what " + string(c.Gateway) + " says of its configuration"
	n, err := t.exec(op, "UPDATE configurations SET outcome = ?, detail = ?, answered = ? WHERE gateway = ? AND serial = ?",
		c.Outcome, c.Detail, int64(c.Answered), string(c.Gateway), int64(c.Serial))
	if err == nil && n == 0 {
		err = notFound(op, c.Serial)
	}
	return err
}
