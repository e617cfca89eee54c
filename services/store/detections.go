package store

import (
	"database/sql"
	"strings"

	"plantroom"
)

// Detections returns the state of every detector, by rule and asset.
func (t *tx) Detections() ([]plantroom.Detection, error) {
	scan := func(rows *sql.Rows) (d plantroom.Detection, err error) {
		err = rows.Scan(&d.Rule, &d.Asset, &d.State)
		return d, err
	}
	return list(t, "read detections", "SELECT rule, asset, state FROM detections ORDER BY rule, asset", scan)
}

// detectionRows is how many detections one statement writes: a statement
// costs some ten microseconds, a row in it two.
const detectionRows = 50

var putDetection, putDetections = putDetectionsQuery(1), putDetectionsQuery(detectionRows)

func putDetectionsQuery(n int) string {
	return "INSERT INTO detections (rule, asset, state) VALUES " + strings.TrimSuffix(strings.Repeat("(?, ?, ?), ", n), ", ") +
		" ON CONFLICT DO UPDATE SET state = excluded.state"
}

// PutDetections writes the state of detectors; of two for one (rule, asset)
// the later one in the slice stays.
func (t *tx) PutDetections(ds []plantroom.Detection) error {
	const op = "write detections"
	args := make([]any, 0, 3*min(len(ds), detectionRows))
	for len(ds) > 0 {
		query, n := putDetection, 1
		if len(ds) >= detectionRows {
			query, n = putDetections, detectionRows
		}
		args = args[:0]
		for _, d := range ds[:n] {
			args = append(args, string(d.Rule), string(d.Asset), d.State)
		}
		if _, err := t.exec(op, query, args...); err != nil {
			return err
		}
		ds = ds[n:]
	}
	return nil
}
