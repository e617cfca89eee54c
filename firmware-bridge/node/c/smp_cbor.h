/* The CBOR of SMP messages: as much of it as group 0 and 1 need. */
#ifndef SMP_CBOR_H
#define SMP_CBOR_H

#include "smp.h"

/* What a request's map can hold, of all that is asked for here. */
struct request {
	const uint8_t *data, *sha, *hash, *text;
	uint32_t data_n, sha_n, hash_n, text_n;
	uint32_t off, len;
	bool has_off, has_len, confirm, bad;
};

struct out {
	uint8_t b[SMP_MESSAGE];
	size_t n;
};

/* smp_parse reads a map. Keys that are not known are skipped; nested values, which
 * no request here has, make it bad. */
void smp_parse(struct request *q, const uint8_t *p, size_t n);

/* Each appends an item, or nothing where there is no room. */
void smp_put(struct out *o, const void *p, size_t n);
void smp_head(struct out *o, unsigned major, uint32_t v);
void smp_text(struct out *o, const char *s);
void smp_number(struct out *o, const char *key, uint32_t v);
void smp_truth(struct out *o, const char *key, bool v);

#endif
