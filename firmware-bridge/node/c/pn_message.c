/* Messages: a node's own are encoded, a gateway's decoded. The counterpart of
 * cbor.go and message.go. */
#include "pn_internal.h"

enum { UINT = 0x00, TEXT = 0x60, ARRAY = 0x80, FALSE = 0xf4, TRUE = 0xf5, HALF = 0xf9, SINGLE = 0xfa };

struct writer {
	uint8_t b[PN_MAX_BODY];
	size_t n;
	bool bad;
};

static void put(struct writer *w, uint8_t c)
{
	if (w->n == sizeof w->b)
		w->bad = true;
	else
		w->b[w->n++] = c;
}

static void put_big(struct writer *w, uint32_t v, unsigned bytes)
{
	while (bytes--)
		put(w, (uint8_t)(v >> (8 * bytes)));
}

static void head(struct writer *w, uint8_t major, uint32_t v)
{
	unsigned bytes = v < 24 ? 0 : v <= 0xff ? 1 : v <= 0xffff ? 2 : 4;

	put(w, (uint8_t)(major | (bytes == 0 ? v : bytes == 1 ? 24 : bytes == 2 ? 25 : 26)));
	put_big(w, v, bytes);
}

static void text(struct writer *w, const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n > max) {
		w->bad = true;
		return;
	}
	head(w, TEXT, (uint32_t)n);
	while (n--)
		put(w, (uint8_t)*s++);
}

static void truth(struct writer *w, bool b) { put(w, b ? TRUE : FALSE); }

/* half gives a finite number in IEEE 754 binary16, if that holds it exactly. It
 * counts in bits: a core without a floating-point unit needs no library. */
static bool half(uint32_t bits, uint16_t *out)
{
	uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
	int exp = (int)(bits >> 23 & 0xff) - 127;
	uint32_t frac = bits & 0x7fffff;

	if (bits << 1 == 0) {
		*out = sign;
		return true;
	}
	if (exp >= -14 && exp <= 15) {
		*out = (uint16_t)(sign | (uint32_t)(exp + 15) << 10 | frac >> 13);
		return (frac & 0x1fff) == 0;
	}
	if (exp >= -24 && exp < -14) { /* subnormal: a multiple of 2^-24 */
		unsigned shift = (unsigned)-(exp + 1);
		frac |= 0x800000;
		*out = (uint16_t)(sign | frac >> shift);
		return (frac & ((1u << shift) - 1)) == 0;
	}
	return false;
}

static void number(struct writer *w, float f)
{
	uint32_t bits;
	uint16_t short_form;

	memcpy(&bits, &f, sizeof bits);
	if ((bits & 0x7f800000) == 0x7f800000) { /* infinity, or not a number */
		w->bad = true;
	} else if (half(bits, &short_form)) {
		put(w, HALF);
		put_big(w, short_form, 2);
	} else {
		put(w, SINGLE);
		put_big(w, bits, 4);
	}
}

static bool named(const char *s)
{
	size_t i;

	for (i = 0; s[i] != 0 && i <= PN_MAX_SIGNAL; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '_'))
			return false;
	return i > 0;
}

static void reading(struct writer *w, const struct pn_message *m)
{
	if (m->seq == 0 || !named(m->signal))
		w->bad = true;
	head(w, UINT, m->seq);
	text(w, m->signal, PN_MAX_SIGNAL);
	switch (m->value.type) {
	case PN_NUMBER:
		number(w, m->value.as.number);
		break;
	case PN_STATE:
		text(w, m->value.as.state, PN_MAX_STATE);
		break;
	case PN_TRUTH:
		truth(w, m->value.as.truth);
		break;
	default:
		w->bad = true;
	}
	head(w, UINT, m->at);
	head(w, UINT, m->age);
}

size_t pn_frame(uint8_t out[PN_MAX_WIRE], const struct pn_message *m)
{
	struct writer w;

	w.n = 0;
	w.bad = m->node == 0;
	put(&w, (uint8_t)(ARRAY | (m->kind == PN_HELLO ? 7 : m->kind == PN_READING ? 9 : 6)));
	put(&w, 1); /* the version of the link */
	put(&w, m->kind);
	head(&w, UINT, m->node);
	head(&w, UINT, m->boot);
	switch (m->kind) {
	case PN_HELLO:
		text(&w, m->firmware, PN_MAX_FIRMWARE);
		head(&w, UINT, m->uptime);
		head(&w, UINT, m->dropped);
		break;
	case PN_READING:
		reading(&w, m);
		break;
	case PN_DONE:
		head(&w, UINT, m->id);
		truth(&w, m->on);
		break;
	default:
		w.bad = true;
	}
	return w.bad ? 0 : pn_wrap(out, w.b, w.n);
}

struct reader {
	const uint8_t *p;
	size_t left;
	bool bad;
};

static uint32_t get(struct reader *r, unsigned bytes)
{
	uint32_t v = 0;

	if (r->left < bytes) {
		r->bad = true;
		return 0;
	}
	r->left -= bytes;
	while (bytes--)
		v = v << 8 | *r->p++;
	return v;
}

/* integer reads an unsigned integer of at most max, or with ARRAY the length of
 * an array, in its shortest form. */
static uint32_t integer(struct reader *r, uint8_t major, uint32_t max)
{
	uint32_t initial = get(r, 1), info = initial & 0x1f, v = info, least = 0;

	if ((initial & 0xe0) != major || info > 26)
		r->bad = true;
	if (info == 24) {
		v = get(r, 1);
		least = 24;
	} else if (info == 25) {
		v = get(r, 2);
		least = 0x100;
	} else if (info == 26) {
		v = get(r, 4);
		least = 0x10000;
	}
	if (v < least || v > max)
		r->bad = true;
	return v;
}

static bool boolean(struct reader *r)
{
	uint32_t v = get(r, 1);

	if (v != TRUE && v != FALSE)
		r->bad = true;
	return v == TRUE;
}

bool pn_parse(struct pn_message *m, uint8_t *frame, size_t n)
{
	struct reader r;
	uint32_t items;

	r.p = frame;
	r.left = pn_unwrap(frame, n);
	r.bad = r.left == 0;
	memset(m, 0, sizeof *m);
	items = integer(&r, ARRAY, 23);
	if (integer(&r, UINT, 0xffffffff) != 1)
		return false;
	m->kind = (uint8_t)integer(&r, UINT, 0xff);
	m->node = (uint16_t)integer(&r, UINT, 0xffff);
	if (m->kind == PN_ACK && items == 5) {
		m->boot = integer(&r, UINT, 0xffffffff);
		m->seq = integer(&r, UINT, 0xffffffff);
		if (m->seq == 0)
			return false;
	} else if (m->kind == PN_COMMAND && items == 6) {
		m->id = integer(&r, UINT, 0xffffffff);
		m->output = (uint8_t)integer(&r, UINT, PN_MAX_OUTPUT);
		m->on = boolean(&r);
	} else {
		return false;
	}
	return !r.bad && r.left == 0 && m->node != 0;
}
