/* Requests' maps are read, answers' maps are written. What is read may be
 * anything. */
#include "smp_cbor.h"

#include "pn_internal.h"

struct in {
	const uint8_t *p;
	size_t left;
	bool bad;
};

/* item reads an initial byte and its argument. An indefinite length is
 * 0xffffffff; so is an argument beyond 32 bits, which fits nothing. */
static uint32_t item(struct in *r, uint8_t *major)
{
	uint32_t v;
	unsigned n;

	*major = 0xff;
	if (r->left == 0) {
		r->bad = true;
		return 0;
	}
	*major = *r->p >> 5;
	v = *r->p++ & 0x1f;
	r->left--;
	if (v < 24 || v == 31)
		return v == 31 ? 0xffffffff : v;
	n = v > 27 ? 0 : 1u << (v - 24);
	if (n == 0 || r->left < n) {
		r->bad = true;
		return 0;
	}
	r->left -= n;
	for (v = 0; n--; r->p++)
		v = v >> 24 ? 0xffffffff : v << 8 | *r->p;
	return v;
}

static const uint8_t *string(struct in *r, uint32_t n)
{
	const uint8_t *p = r->p;

	if (n > r->left) {
		r->bad = true;
		return p;
	}
	r->p += n;
	r->left -= n;
	return p;
}

/* take reads a pair's value: number or bool into *n, bytes or text into *p and
 * *n. Nested things, which no request here has, are bad. */
static uint8_t take(struct in *r, const uint8_t **p, uint32_t *n)
{
	uint8_t major;

	*p = NULL;
	*n = item(r, &major);
	if (major == 2 || major == 3)
		*p = string(r, *n);
	else if (major != 0 && major != 1 && major != 7)
		r->bad = true;
	return major;
}

static bool is(const uint8_t *p, uint32_t n, const char *name)
{
	return n == strlen(name) && memcmp(p, name, n) == 0;
}

static void pair(struct in *r, struct request *q)
{
	const uint8_t *key, *p;
	uint32_t key_n, n;
	uint8_t major = take(r, &key, &key_n);

	if (major != 3)
		r->bad = true;
	major = take(r, &p, &n);
	if (r->bad)
		return;
	if (is(key, key_n, "off") && major == 0) {
		q->off = n;
		q->has_off = true;
	} else if (is(key, key_n, "len") && major == 0) {
		q->len = n;
		q->has_len = true;
	} else if (is(key, key_n, "data") && major == 2) {
		q->data = p;
		q->data_n = n;
	} else if (is(key, key_n, "sha") && major == 2) {
		q->sha = p;
		q->sha_n = n;
	} else if (is(key, key_n, "hash") && major == 2) {
		q->hash = p;
		q->hash_n = n;
	} else if (is(key, key_n, "d") && major == 3) {
		q->text = p;
		q->text_n = n;
	} else if (is(key, key_n, "confirm") && major == 7) {
		q->confirm = n == 21; /* true */
	}
}

void smp_parse(struct request *q, const uint8_t *p, size_t n)
{
	struct in r;
	uint8_t major;
	uint32_t pairs;

	memset(q, 0, sizeof *q);
	if (n == 0)
		return;
	r.p = p;
	r.left = n;
	r.bad = false;
	pairs = item(&r, &major);
	if (major != 5)
		r.bad = true;
	while (!r.bad && pairs > 0 && !(pairs == 0xffffffff && r.left > 0 && *r.p == 0xff)) {
		pair(&r, q);
		if (pairs != 0xffffffff)
			pairs--;
	}
	q->bad = r.bad;
}

void smp_put(struct out *o, const void *p, size_t n)
{
	if (n > 0 && n <= sizeof o->b - o->n) {
		memcpy(o->b + o->n, p, n);
		o->n += n;
	}
}

void smp_head(struct out *o, unsigned major, uint32_t v)
{
	uint8_t b[5];
	unsigned n = v < 24 ? 0 : v <= 0xff ? 1 : v <= 0xffff ? 2 : 4, i;

	b[0] = (uint8_t)(major << 5 | (n == 0 ? v : n == 1 ? 24 : n == 2 ? 25 : 26));
	for (i = 0; i < n; i++)
		b[1 + i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	smp_put(o, b, 1 + n);
}

void smp_text(struct out *o, const char *s)
{
	smp_head(o, 3, (uint32_t)strlen(s));
	smp_put(o, s, strlen(s));
}

void smp_number(struct out *o, const char *key, uint32_t v)
{
	smp_text(o, key);
	smp_head(o, 0, v);
}

void smp_truth(struct out *o, const char *key, bool v)
{
	smp_text(o, key);
	smp_head(o, 7, v ? 21 : 20);
}
