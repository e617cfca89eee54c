/* The boot record, and what follows of it. */
#include "boot.h"

#include "pn_internal.h"

enum { NONE = 0xff, RECORD = 24 };

struct record {
	uint32_t sequence; /* the higher one counts */
	uint32_t floor;
	uint8_t confirmed; /* slot */
	uint8_t trial;     /* slot, or NONE */
	uint8_t begun;     /* the trial has run */
	bool second;       /* it lies in HAL_RECORD_B */
};

static uint32_t number(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void set(uint8_t *p, uint32_t v)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* Bytes: 0 sequence, 4 floor, 8 confirmed, 9 trial, 10 begun, 20 CRC-32. */
static bool copy(enum hal_area page, struct record *r)
{
	uint8_t b[RECORD];

	if (!hal_flash_read(page, 0, b, RECORD) || pn_crc32(0, b, RECORD - 4) != number(b + RECORD - 4))
		return false;
	r->sequence = number(b);
	r->floor = number(b + 4);
	r->confirmed = b[8];
	r->trial = b[9];
	r->begun = b[10];
	r->second = page == HAL_RECORD_B;
	return r->confirmed <= 1 && (r->trial <= 1 || r->trial == NONE);
}

static void load(struct record *r)
{
	struct record a, b;
	bool have_a = copy(HAL_RECORD_A, &a), have_b = copy(HAL_RECORD_B, &b);

	if (have_a && (!have_b || (int32_t)(a.sequence - b.sequence) > 0)) {
		*r = a;
	} else if (have_b) {
		*r = b;
	} else {
		memset(r, 0, sizeof *r);
		r->trial = NONE;
		r->second = true;
	}
}

/* store writes the next record over the older copy, and reads it back. */
static bool store(struct record *r)
{
	enum hal_area page = r->second ? HAL_RECORD_A : HAL_RECORD_B;
	struct record now;
	uint8_t b[RECORD];

	memset(b, 0xff, sizeof b);
	set(b, r->sequence + 1);
	set(b + 4, r->floor);
	b[8] = r->confirmed;
	b[9] = r->trial;
	b[10] = r->begun;
	set(b + RECORD - 4, pn_crc32(0, b, RECORD - 4));
	if (!hal_flash_erase(page) || !hal_flash_write(page, 0, b, RECORD) || !copy(page, &now) || now.sequence != r->sequence + 1)
		return false;
	*r = now;
	return true;
}

static bool fit(enum hal_area slot, const struct record *r, struct image *i)
{
	return image_check(slot, i) == NULL && i->counter >= r->floor;
}

void boot_choose(struct boot *b)
{
	struct record r;

	load(&r);
	memset(b, 0, sizeof *b);
	if (r.trial != NONE && !r.begun && fit((enum hal_area)r.trial, &r, &b->image)) {
		r.begun = 1;
		if (store(&r)) { /* or it would run on trial for ever */
			b->slot = (enum hal_area)r.trial;
			b->trial = b->known = true;
			return;
		}
	} else if (r.trial != NONE) {
		r.trial = NONE;
		r.begun = 0;
		store(&r); /* where that fails, the next start says the same */
	}
	b->slot = (enum hal_area)r.confirmed;
	b->known = fit(b->slot, &r, &b->image);
	if (!b->known && fit((enum hal_area)!r.confirmed, &r, &b->image)) {
		b->slot = (enum hal_area)!r.confirmed; /* the flash has lost the confirmed one */
		b->known = true;
	}
}

bool boot_try(enum hal_area slot)
{
	struct record r;

	load(&r);
	if (r.trial == (uint8_t)slot && !r.begun)
		return true;
	r.trial = (uint8_t)slot;
	r.begun = 0;
	return store(&r);
}

bool boot_untry(void)
{
	struct record r;

	load(&r);
	if (r.trial == NONE)
		return true;
	r.trial = NONE;
	r.begun = 0;
	return store(&r);
}

bool boot_pending(enum hal_area slot)
{
	struct record r;

	load(&r);
	return r.trial == (uint8_t)slot && !r.begun;
}

bool boot_confirm(struct boot *b)
{
	struct record r;

	load(&r);
	if (!b->known)
		return false;
	if (r.confirmed == (uint8_t)b->slot && r.trial == NONE && r.floor >= b->image.counter)
		return true;
	r.confirmed = (uint8_t)b->slot;
	r.trial = NONE;
	r.begun = 0;
	if (b->image.counter > r.floor)
		r.floor = b->image.counter;
	if (!store(&r))
		return false;
	b->trial = false;
	return true;
}

uint32_t boot_floor(void)
{
	struct record r;

	load(&r);
	return r.floor;
}
