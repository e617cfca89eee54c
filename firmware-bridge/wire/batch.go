package wire

import "plantroom"

// Batch is what a gateway sends on its "up" topic: records of its spool, in
// order and without holes. A batch without records is a sign of life and
// declares Base.
type Batch struct {
	Gateway plantroom.GatewayID
	Epoch   uint64 // of the spool: another one when the sequence starts again
	Base    uint64 // the oldest sequence number that the spool still holds
	First   uint64 // the sequence number of Records[0]; 1 or more
	Sent    plantroom.Instant
	Records [][]byte // each as AppendRecord made it, and not yet decoded
}

// AppendBatch appends a batch to dst, whose capacity is best kept between
// calls. It fails with CodeTooLarge beyond MaxBatchRecords or MaxBatchBytes; a
// sum of records up to MaxPayload always fits.
func AppendBatch(dst []byte, b Batch) ([]byte, error) {
	if err := plantroom.ValidID(string(b.Gateway)); err != nil {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "batch of gateway: %w", err)
	}
	if b.First < 1 || b.First > maxSequence-MaxBatchRecords || b.Base > maxSequence {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "batch from %d with base %d: not sequence numbers", b.First, b.Base)
	}
	if len(b.Records) > MaxBatchRecords {
		return dst, plantroom.Errorf(plantroom.CodeTooLarge, "batch of %d records: at most %d", len(b.Records), MaxBatchRecords)
	}
	start := len(dst)
	dst = appendMessage(dst, messageBatch, batchItems)
	dst = appendText(dst, string(b.Gateway))
	dst = appendHead(dst, majorUint, b.Epoch)
	dst = appendHead(dst, majorUint, b.Base)
	dst = appendHead(dst, majorUint, b.First)
	dst = appendInt(dst, int64(b.Sent))
	dst = appendHead(dst, majorArray, uint64(len(b.Records)))
	for _, rec := range b.Records {
		if len(rec) > MaxRecordBytes {
			return dst[:start], plantroom.Errorf(plantroom.CodeTooLarge, "batch with a record of %d bytes: at most %d", len(rec), MaxRecordBytes)
		}
		dst = appendBytes(dst, rec)
	}
	if size := len(dst) - start; size > MaxBatchBytes {
		return dst[:start], plantroom.Errorf(plantroom.CodeTooLarge, "batch of %d bytes: at most %d", size, MaxBatchBytes)
	}
	return dst, nil
}

// DecodeBatch reads a batch. The header is checked; the records are only told
// apart, so that one that cannot be decoded does not stop the others. They
// alias p.
func DecodeBatch(p []byte) (Batch, error) {
	if len(p) > MaxBatchBytes {
		return Batch{}, plantroom.Errorf(plantroom.CodeTooLarge, "batch of %d bytes: at most %d", len(p), MaxBatchBytes)
	}
	r := reader{b: p}
	readMessage(&r, messageBatch, batchItems)
	b := Batch{
		Gateway: readGateway(&r),
		Epoch:   r.uint("the epoch"),
		Base:    r.sequence("the base"),
		First:   r.sequence("the first sequence number"),
		Sent:    r.instant("the time of sending"),
	}
	if r.err == nil && (b.First < 1 || b.First > maxSequence-MaxBatchRecords) {
		r.fail("%d is not a first sequence number", b.First)
	}
	n := r.array(MaxBatchRecords, "the list of records")
	if n > len(p)-r.at {
		r.fail("the message ends before the %d records that it announces", n)
	}
	if r.err != nil {
		return Batch{}, r.err
	}
	b.Records = make([][]byte, n)
	for i := range b.Records {
		b.Records[i] = r.bytes(MaxRecordBytes, "a record's frame")
	}
	if err := r.end(); err != nil {
		return Batch{}, err
	}
	return b, nil
}
