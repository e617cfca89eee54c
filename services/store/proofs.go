package store

import "plantroom"

// PutProofs keeps proofs. A file that the order has already is left as it is.
func (t *tx) PutProofs(ps ...plantroom.Proof) error {
	for i := range ps {
		p := &ps[i]
		op := "keep a proof of " + string(p.Order)
		doc, err := encode(op, p)
		if err != nil {
			return err
		}
		if _, err := t.exec(op, "INSERT INTO proofs (order_id, sum, size, doc) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
			string(p.Order), p.Sum[:], p.Size, doc); err != nil {
			return err
		}
	}
	return nil
}

// Proofs returns an order's files of proof, in the order in which they came.
func (t *tx) Proofs(id plantroom.OrderID) ([]plantroom.Proof, error) {
	return list(t, "list the proofs of "+string(id), "SELECT doc FROM proofs WHERE order_id = ? ORDER BY n", scanDoc[plantroom.Proof], string(id))
}

// ProofFiles returns at most limit (0: 1,000) of the files that any order has,
// each once, as the first order that had it: by their sums, those behind after.
func (t *tx) ProofFiles(after plantroom.Hash, limit int) ([]plantroom.Proof, error) {
	return list(t, "list the files of proof", `SELECT doc FROM proofs WHERE n IN
		(SELECT min(n) FROM proofs WHERE sum > ? GROUP BY sum ORDER BY sum LIMIT ?) ORDER BY sum`,
		scanDoc[plantroom.Proof], after[:], rowLimit(limit))
}

// ProofUse counts the files that any order has, each once, and their bytes.
func (t *tx) ProofUse() (files int, bytes int64, err error) {
	_, err = t.get("count the files of proof", "SELECT count(*), coalesce(sum(size), 0) FROM (SELECT DISTINCT sum, size FROM proofs)", nil, &files, &bytes)
	return files, bytes, err
}
