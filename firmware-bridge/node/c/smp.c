/* SMP messages: an 8-byte header and a CBOR map either way. What comes in may be
 * anything; what goes out is answered in the first version's error form. */
#include "smp.h"

#include "pn_internal.h"

enum { HEADER = 8, GROUP_OS = 0, GROUP_IMAGE = 1 };
enum { EUNKNOWN = 1, EINVAL = 3, ENOENT = 5, EBADSTATE = 6, ENOTSUP = 8, ECORRUPT = 9 }; /* MGMT_ERR_… */

/* What a request's map can hold, of all that is asked for here. */
struct request {
	const uint8_t *data, *sha, *hash, *text;
	uint32_t data_n, sha_n, hash_n, text_n;
	uint32_t off, len;
	bool has_off, has_len, confirm, bad;
};

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

static void parse(struct request *q, const uint8_t *p, size_t n)
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

struct out {
	uint8_t b[SMP_MESSAGE];
	size_t n;
};

static void put(struct out *o, const void *p, size_t n)
{
	if (n > 0 && n <= sizeof o->b - o->n) {
		memcpy(o->b + o->n, p, n);
		o->n += n;
	}
}

static void head(struct out *o, unsigned major, uint32_t v)
{
	uint8_t b[5];
	unsigned n = v < 24 ? 0 : v <= 0xff ? 1 : v <= 0xffff ? 2 : 4, i;

	b[0] = (uint8_t)(major << 5 | (n == 0 ? v : n == 1 ? 24 : n == 2 ? 25 : 26));
	for (i = 0; i < n; i++)
		b[1 + i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	put(o, b, 1 + n);
}

static void text(struct out *o, const char *s)
{
	head(o, 3, (uint32_t)strlen(s));
	put(o, s, strlen(s));
}

static void number(struct out *o, const char *key, uint32_t v)
{
	text(o, key);
	head(o, 0, v);
}

static void truth(struct out *o, const char *key, bool v)
{
	text(o, key);
	head(o, 7, v ? 21 : 20);
}

static void failure(struct out *o, uint32_t rc, const char *why)
{
	head(o, 5, why != NULL ? 2 : 1);
	number(o, "rc", rc);
	if (why != NULL) {
		text(o, "rsn");
		text(o, why);
	}
}

static enum hal_area other_slot(const struct smp *s)
{
	return s->boot->slot == HAL_SLOT_A ? HAL_SLOT_B : HAL_SLOT_A;
}

/* other_good checks the other slot once, since a signature takes its time. */
static bool other_good(struct smp *s)
{
	if (!s->checked) {
		s->good = !s->open && image_check(other_slot(s), &s->other) == NULL && s->other.counter >= boot_floor();
		s->checked = true;
	}
	return s->good;
}

static void one_image(struct out *o, const struct image *i, enum hal_area slot, bool active, bool confirmed, bool pending)
{
	char version[IMAGE_VERSION_TEXT];

	image_version(version, i);
	head(o, 5, 8);
	number(o, "slot", (uint32_t)slot);
	text(o, "version");
	text(o, version);
	text(o, "hash");
	head(o, 2, 32);
	put(o, i->hash, 32);
	truth(o, "bootable", true);
	truth(o, "pending", pending);
	truth(o, "confirmed", confirmed);
	truth(o, "active", active);
	truth(o, "permanent", false);
}

static void images(struct smp *s, struct out *o)
{
	bool other = other_good(s);

	head(o, 5, 1);
	text(o, "images");
	head(o, 4, (uint32_t)s->boot->known + (uint32_t)other);
	if (s->boot->known)
		one_image(o, &s->boot->image, s->boot->slot, true, !s->boot->trial, false);
	if (other)
		one_image(o, &s->other, other_slot(s), false, s->boot->trial, boot_pending(other_slot(s)));
}

static void set_state(struct smp *s, const struct request *q, struct out *o)
{
	bool named = q->hash_n == 32, mine = !named || (s->boot->known && memcmp(q->hash, s->boot->image.hash, 32) == 0);

	if (q->confirm && mine) {
		if (!boot_confirm(s->boot)) {
			failure(o, EBADSTATE, "what runs cannot be confirmed");
			return;
		}
		s->checked = false; /* the other one may be too old now */
		images(s, o);
		return;
	}
	if (q->confirm) {
		failure(o, EINVAL, "an image has to run before it is confirmed");
	} else if (!named || !other_good(s) || memcmp(q->hash, s->other.hash, 32) != 0) {
		failure(o, ENOENT, "no good image has this hash");
	} else if (s->boot->trial) {
		failure(o, EBADSTATE, "confirm what runs first");
	} else if (!boot_try(other_slot(s))) {
		failure(o, EUNKNOWN, "boot record cannot be written");
	} else {
		images(s, o);
	}
}

static void offset(struct smp *s, struct out *o)
{
	head(o, 5, 2);
	number(o, "rc", 0);
	number(o, "off", s->at);
}

/* begin starts an upload, or finds that it is under way or done. */
static const char *begin(struct smp *s, const struct request *q)
{
	const char *why;

	if (!q->has_len || q->len < 32 || q->len > hal_slot_size())
		return "length does not fit the slot";
	if (q->sha_n == 32 && s->length == q->len && s->at > 0 && memcmp(q->sha, s->session, 32) == 0)
		return NULL; /* goes on where it was */
	if (s->boot->trial)
		return "confirm what runs first: the other slot is its way back";
	if (q->data_n < 32)
		return "first request lacks the header";
	why = image_begins(q->data);
	if (why != NULL)
		return why;
	s->checked = true;
	s->good = false;
	s->at = 0;
	s->length = 0;
	if (!boot_untry() || !hal_flash_erase(other_slot(s)))
		return "slot cannot be erased";
	s->open = true;
	s->length = q->len;
	memset(s->session, 0, sizeof s->session);
	if (q->sha_n == 32)
		memcpy(s->session, q->sha, 32);
	return NULL;
}

/* write takes the next piece; all but the last in multiples of 8, as flash wants. */
static bool write(struct smp *s, const uint8_t *p, uint32_t n)
{
	uint8_t last[8];
	uint32_t whole = n & ~7u;

	if (whole > 0 && !hal_flash_write(other_slot(s), s->at, p, whole))
		return false;
	s->at += whole;
	if (s->at + (n - whole) < s->length || n == whole)
		return true;
	memset(last, 0xff, sizeof last);
	memcpy(last, p + whole, n - whole);
	if (!hal_flash_write(other_slot(s), s->at, last, sizeof last))
		return false;
	s->at = s->length;
	return true;
}

/* finish checks a whole upload. NULL: it is good. */
static const char *finish(struct smp *s)
{
	const char *why = image_check(other_slot(s), &s->other);

	s->open = false;
	if (why == NULL && s->other.size != s->length)
		why = "something follows the image";
	if (why == NULL && s->other.counter < boot_floor())
		why = "security counter is older than that of confirmed firmware";
	s->good = why == NULL;
	if (why != NULL)
		s->at = s->length = 0;
	return why;
}

static void upload(struct smp *s, const struct request *q, struct out *o)
{
	const char *why = NULL;

	if (!q->has_off) {
		failure(o, EINVAL, "no offset");
		return;
	}
	if (q->off == 0)
		why = begin(s, q);
	if (why != NULL) {
		failure(o, EINVAL, why);
		return;
	}
	if (!s->open || q->off != s->at || q->data_n == 0) {
		offset(s, o); /* a piece that came twice, or of an upload of which nothing is known */
		return;
	}
	if (q->data_n > s->length - s->at || !write(s, q->data, q->data_n)) {
		s->open = false;
		s->at = s->length = 0;
		failure(o, EUNKNOWN, "piece exceeds the image, or flash failed");
		return;
	}
	if (s->at == s->length)
		why = finish(s);
	if (why != NULL)
		failure(o, ECORRUPT, why);
	else
		offset(s, o);
}

static void os(struct smp *s, uint8_t op, uint8_t id, const struct request *q, struct out *o)
{
	if (id == 0) { /* echo */
		head(o, 5, 1);
		text(o, "r");
		head(o, 3, q->text_n);
		put(o, q->text, q->text_n);
	} else if (id == 5 && op == 2) {
		s->reset = true;
		head(o, 5, 0);
	} else if (id == 6) { /* parameters */
		head(o, 5, 2);
		number(o, "buf_size", SMP_MESSAGE);
		number(o, "buf_count", 1);
	} else {
		failure(o, ENOTSUP, NULL);
	}
}

void smp_init(struct smp *s, struct boot *boot)
{
	memset(s, 0, sizeof *s);
	s->boot = boot;
}

/* The header: op in the low 3 bits, version above them; flags; length; group;
 * sequence number; command. */
void smp_answer(struct smp *s, uint8_t *m, size_t n)
{
	struct out o;
	struct request q;
	uint8_t op = m[0] & 7, id = m[7];
	unsigned group = (unsigned)m[4] << 8 | m[5];

	if (n < HEADER || (op != 0 && op != 2) || (size_t)(m[2] << 8 | m[3]) != n - HEADER)
		return;
	parse(&q, m + HEADER, n - HEADER);
	memcpy(o.b, m, HEADER);
	o.n = HEADER;
	if (q.bad)
		failure(&o, EINVAL, "no CBOR map");
	else if (group == GROUP_OS)
		os(s, op, id, &q, &o);
	else if (group == GROUP_IMAGE && id == 0 && op == 0)
		images(s, &o);
	else if (group == GROUP_IMAGE && id == 0)
		set_state(s, &q, &o);
	else if (group == GROUP_IMAGE && id == 1 && op == 2)
		upload(s, &q, &o);
	else
		failure(&o, ENOTSUP, NULL);
	o.b[0] = (uint8_t)(op + 1); /* the first version, whatever was asked in */
	o.b[2] = (uint8_t)((o.n - HEADER) >> 8);
	o.b[3] = (uint8_t)(o.n - HEADER);
	smp_send(o.b, o.n);
}
