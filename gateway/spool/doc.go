// Package spool is the gateway's crash-safe store-and-forward queue: opaque
// records with sequence numbers 1, 2, 3 …, each on disk before it is
// acknowledged, kept until the far end has them.
//
// A record is accepted once its group's fdatasync has returned. From then on
// it survives a kill, a power cut, a full disk and a failing fsync; where the
// medium itself destroys bytes, the loss is confined to the records in those
// bytes, or in their block, and reported as a gap. Sequence numbers are never used twice within
// an epoch; a spool that can no longer know which were used starts a new one.
//
// # Files
//
// All integers are little-endian; a checksum is CRC-32C. The checksums of
// records start from the epoch's checksum, so that bytes of another spool, or
// a payload that looks like a record, are not taken for one.
//
//	lock          held with flock while the spool is open
//	meta          two copies, 4,096 bytes each, of: epoch, oldest number not
//	              acknowledged, first number of the newest segment, a bound
//	              on the numbers in use, known gaps
//	N.seg         one segment; N is its first sequence number, 20 digits
//	N.seg.new     a segment that is being written again
//	N.seg.corrupt a damaged segment as it was found, for inspection
//
// A segment is a header of 40 bytes (magic, format version, epoch, first
// number, checksum) and then frames: length u24, tag u8, sequence number u64,
// checksum of the payload u32, checksum of these 16 bytes u32, payload. The
// tag says whether a frame is a record, a record that may be dropped, or a
// block of many records. The
// header's own checksum tells a record that was cut off by a crash from one
// that was damaged later, and lets the scan find its way past damage. The
// first number of a segment overrules the segment before it: records from
// that number on in the older one belong to a group whose fsync failed, which
// was refused to its callers.
//
// Whole segments are removed once they are acknowledged. Open cuts a torn tail off the newest segment and writes the
// rest of it again in place, so that what it has found is on disk.
//
// # Room
//
// A segment that is not the newest and has waited for 30 seconds, or any such
// when room is short, is written again as blocks: records that DEFLATE has made
// smaller. When room is still short the oldest of them are written again
// without the records that may be dropped; a run of these becomes an entry that
// says how many they were, and Read gives Options.Dropped for each. The new
// file is synced before it takes the old one's name. Segments with damage are
// left as they are.
//
// Room is short when nine tenths of MaxBytes are used, or less than twice
// Options.Reserve is free on the disk. At MaxBytes and at the reserve records
// are refused.
//
// # Gaps
//
// Lost numbers stay lost: Read goes on behind them and returns a first above
// the number asked for, Base skips them once everything before is trimmed,
// Recovery.Gaps tells of those that an Open has found, and Spool.Gaps of all
// that are not behind Base yet.
//
// A Read that the disk fails reports an error and loses nothing. What cannot
// be read at the next one either, and a segment whose file is gone, is a gap:
// one bad segment must not keep back those behind it. That gap is on disk
// before Read goes on. A disk that takes no note of it either is away as a
// whole, and nothing of it is given up.
//
// # What it does not do
//
// It does not look into records, encrypt or de-duplicate them, and it does not
// know who reads them. It retries no fsync: after an error the
// kernel may have dropped the pages and says "success" the next time. It
// counts on flock, so its directory must not be on a file system without it.
package spool
