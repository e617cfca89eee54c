/* The checks of an image, in flash. What is read here may be anything. */
#include "image.h"

#include "ed25519.h"
#include "pn_internal.h"
#include "sha2.h"

enum { HEADER = 32, INFO = 4, PIECE = 64 };
enum { TLV_SHA256 = 0x10, TLV_ED25519 = 0x24, TLV_COUNTER = 0x50 };
enum { FLAG_ENCRYPTED = 0x04 | 0x08, FLAG_NOT_BOOTABLE = 0x10 };

static uint32_t little(const uint8_t *p, unsigned n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

const char *image_begins(const uint8_t h[32])
{
	uint32_t room = hal_slot_size(), header = little(h + 8, 2), code = little(h + 12, 4);

	if (little(h, 4) != 0x96f3b83d)
		return "no MCUboot image";
	if (header < HEADER || header > room || code > room - header)
		return "image exceeds the slot";
	if (little(h + 16, 4) & (FLAG_ENCRYPTED | FLAG_NOT_BOOTABLE))
		return "image is encrypted or not bootable";
	return NULL;
}

/* What the TLVs hold. */
struct found {
	uint8_t hash[32], signature[64];
	uint32_t counter;
	unsigned hashes, signatures, counters;
};

/* tlvs reads an area of TLVs of at most room bytes at `at`, and gives its size;
 * 0: it is none. Only one that is under the signature may hold the counter, and
 * only the other one hash and signature. */
static uint32_t tlvs(enum hal_area slot, uint32_t at, uint32_t room, bool signed_area, struct found *f)
{
	uint8_t b[INFO];
	uint32_t size, end, kind, n;

	if (room < INFO || !hal_flash_read(slot, at, b, INFO) || little(b, 2) != (signed_area ? 0x6908u : 0x6907u))
		return 0;
	size = little(b + 2, 2);
	if (size < INFO || size > room)
		return 0;
	end = at + size;
	for (at += INFO; at < end; at += n) {
		if (end - at < INFO || !hal_flash_read(slot, at, b, INFO))
			return 0;
		at += INFO;
		kind = little(b, 2);
		n = little(b + 2, 2);
		if (n > end - at)
			return 0;
		if (signed_area && kind == TLV_COUNTER) {
			if (n != 4 || !hal_flash_read(slot, at, b, 4))
				return 0;
			f->counter = little(b, 4);
			f->counters++;
		} else if (!signed_area && kind == TLV_SHA256) {
			if (n != 32 || !hal_flash_read(slot, at, f->hash, 32))
				return 0;
			f->hashes++;
		} else if (!signed_area && kind == TLV_ED25519) {
			if (n != 64 || !hal_flash_read(slot, at, f->signature, 64))
				return 0;
			f->signatures++;
		}
	}
	return size;
}

static bool hash(enum hal_area slot, uint32_t n, uint8_t out[32])
{
	struct sha256 s;
	uint8_t piece[PIECE];
	uint32_t at, some;

	sha256_init(&s);
	for (at = 0; at < n; at += some) {
		some = n - at < PIECE ? n - at : PIECE;
		if (!hal_flash_read(slot, at, piece, some))
			return false;
		sha256_add(&s, piece, some);
	}
	sha256_end(&s, out);
	return true;
}

const char *image_check(enum hal_area slot, struct image *out)
{
	struct found f;
	uint8_t h[HEADER];
	uint32_t covered, shielded, size;
	const char *why;

	memset(&f, 0, sizeof f);
	memset(out, 0, sizeof *out);
	if (!hal_flash_read(slot, 0, h, HEADER))
		return "flash cannot be read";
	why = image_begins(h);
	if (why != NULL)
		return why;
	covered = little(h + 8, 2) + little(h + 12, 4);
	shielded = little(h + 10, 2);
	if (tlvs(slot, covered, hal_slot_size() - covered, true, &f) != shielded || shielded == 0)
		return "no protected TLVs: a security counter is wanted";
	covered += shielded;
	size = tlvs(slot, covered, hal_slot_size() - covered, false, &f);
	if (size == 0 || f.counters != 1 || f.hashes != 1)
		return "TLVs are damaged, or lack hash or security counter";
	if (!hash(slot, covered, out->hash) || memcmp(out->hash, f.hash, 32) != 0)
		return "hash does not match: image is damaged";
	if (f.signatures != 1)
		return "image is not signed with Ed25519";
	if (hal_update_key() == NULL || !ed25519_verify(f.signature, hal_update_key(), out->hash, 32))
		return "signature is not of this node's key";
	out->major = h[20];
	out->minor = h[21];
	out->revision = (uint16_t)little(h + 22, 2);
	out->build = little(h + 24, 4);
	out->counter = f.counter;
	out->size = covered + size;
	return NULL;
}

static char *decimal(char *to, uint32_t v)
{
	char digits[10];
	unsigned n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

void image_version(char out[IMAGE_VERSION_TEXT], const struct image *i)
{
	out = decimal(out, i->major);
	*out++ = '.';
	out = decimal(out, i->minor);
	*out++ = '.';
	out = decimal(out, i->revision);
	if (i->build != 0) {
		*out++ = '.';
		out = decimal(out, i->build);
	}
	*out = 0;
}
