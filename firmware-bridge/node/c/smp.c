/* SMP messages: an 8-byte header and a CBOR map either way. What comes in may be
 * anything; what goes out is answered in the first version's error form. */
#include "smp_cbor.h"

#include "pn_internal.h"

enum { HEADER = 8, GROUP_OS = 0, GROUP_IMAGE = 1 };
enum { EUNKNOWN = 1, EINVAL = 3, ENOENT = 5, EBADSTATE = 6, ENOTSUP = 8, ECORRUPT = 9 }; /* MGMT_ERR_… */

static void failure(struct out *o, uint32_t rc, const char *why)
{
	smp_head(o, 5, why != NULL ? 2 : 1);
	smp_number(o, "rc", rc);
	if (why != NULL) {
		smp_text(o, "rsn");
		smp_text(o, why);
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
	smp_head(o, 5, 8);
	smp_number(o, "slot", (uint32_t)slot);
	smp_text(o, "version");
	smp_text(o, version);
	smp_text(o, "hash");
	smp_head(o, 2, 32);
	smp_put(o, i->hash, 32);
	smp_truth(o, "bootable", true);
	smp_truth(o, "pending", pending);
	smp_truth(o, "confirmed", confirmed);
	smp_truth(o, "active", active);
	smp_truth(o, "permanent", false);
}

static void images(struct smp *s, struct out *o)
{
	bool other = other_good(s);

	smp_head(o, 5, 1);
	smp_text(o, "images");
	smp_head(o, 4, (uint32_t)s->boot->known + (uint32_t)other);
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
	smp_head(o, 5, 2);
	smp_number(o, "rc", 0);
	smp_number(o, "off", s->at);
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
		smp_head(o, 5, 1);
		smp_text(o, "r");
		smp_head(o, 3, q->text_n);
		smp_put(o, q->text, q->text_n);
	} else if (id == 5 && op == 2) {
		s->reset = true;
		smp_head(o, 5, 0);
	} else if (id == 6) { /* parameters */
		smp_head(o, 5, 2);
		smp_number(o, "buf_size", SMP_MESSAGE);
		smp_number(o, "buf_count", 1);
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
	smp_parse(&q, m + HEADER, n - HEADER);
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
