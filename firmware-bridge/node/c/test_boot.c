/* Tests of the boot record: power is lost at every word that is written. */
#include "boot.h"
#include "pn_internal.h"

#include <stdio.h>
#include <stdlib.h>

static int failures, checks;
#define EXPECT(what, cond) \
	(checks++, (cond) ? (void)0 : (void)(failures++, printf("FAIL %s:%d: %s: %s\n", __FILE__, __LINE__, what, #cond)))

/* Flash in memory: its pages alone matter here, and which slots hold an image. */
static uint8_t page[2][64];
static bool good[2];
static uint32_t counter[2];
static int left; /* words until power is lost */

const char *image_check(enum hal_area slot, struct image *out)
{
	memset(out, 0, sizeof *out);
	out->major = (uint8_t)(slot + 1);
	out->counter = counter[slot];
	return good[slot] ? NULL : "bad";
}

static bool power(void) { return left > 0 && left-- > 0; }

bool hal_flash_read(enum hal_area area, uint32_t at, uint8_t *p, size_t n)
{
	memcpy(p, page[area - HAL_RECORD_A] + at, n);
	return true;
}

bool hal_flash_write(enum hal_area area, uint32_t at, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i += 8) {
		if (!power())
			return false;
		memcpy(page[area - HAL_RECORD_A] + at + i, p + i, 8);
	}
	return true;
}

bool hal_flash_erase(enum hal_area area)
{
	if (!power()) { /* half erased is neither */
		memset(page[area - HAL_RECORD_A], 0xff, 12);
		return false;
	}
	memset(page[area - HAL_RECORD_A], 0xff, sizeof page[0]);
	return true;
}

static void fresh(void)
{
	memset(page, 0xff, sizeof page);
	good[0] = good[1] = true;
	counter[0] = 5;
	counter[1] = 6;
	left = 1000000;
}

static struct boot start(void)
{
	struct boot b;

	left = 1000000;
	boot_choose(&b);
	return b;
}

static void a_trial_runs_once_unless_it_is_confirmed(void)
{
	struct boot b;

	fresh();
	b = start();
	EXPECT("at first", b.known && b.slot == HAL_SLOT_A && !b.trial);
	EXPECT("asked", boot_try(HAL_SLOT_B) && boot_pending(HAL_SLOT_B));
	b = start();
	EXPECT("on trial", b.slot == HAL_SLOT_B && b.trial && !boot_pending(HAL_SLOT_B));
	b = start();
	EXPECT("back", b.slot == HAL_SLOT_A && !b.trial);
	b = start();
	EXPECT("and so it stays", b.slot == HAL_SLOT_A && !b.trial);
	boot_try(HAL_SLOT_B);
	b = start();
	EXPECT("confirmed", boot_confirm(&b) && !b.trial && boot_floor() == 6);
	b = start();
	EXPECT("it runs", b.slot == HAL_SLOT_B && !b.trial);
}

static void nothing_bad_or_old_runs(void)
{
	struct boot b;

	fresh();
	good[1] = false;
	boot_try(HAL_SLOT_B);
	b = start();
	EXPECT("a bad image is not tried", b.slot == HAL_SLOT_A && !b.trial && !boot_pending(HAL_SLOT_B));
	good[1] = true;
	boot_try(HAL_SLOT_B);
	b = start();
	boot_confirm(&b);
	boot_try(HAL_SLOT_A);
	b = start();
	EXPECT("an old counter is not tried", b.slot == HAL_SLOT_B && !b.trial);
	good[1] = false;
	b = start();
	EXPECT("nor taken where the confirmed slot is damaged", !b.known);
	counter[0] = 6;
	b = start();
	EXPECT("but a good one is", b.known && b.slot == HAL_SLOT_A);
	EXPECT("taken back", boot_try(HAL_SLOT_A) && boot_untry() && !boot_pending(HAL_SLOT_A));
}

/* Each change, with power lost at each word of it: the state before, or after. */
static void power_may_be_lost_at_any_word(void)
{
	int what, at, round, done;

	for (what = 0; what < 3; what++) {
		for (at = 0, done = 0; !done; at++) {
			for (round = 0; round < 2; round++) { /* over either copy */
				struct boot b;
				bool ok;

				fresh();
				if (round == 1) {
					boot_try(HAL_SLOT_B);
					boot_untry();
					boot_try(HAL_SLOT_B);
					boot_untry();
					boot_untry();
				}
				if (what > 0)
					boot_try(HAL_SLOT_B);
				if (round == 0 && what == 0) {
					b = start();
					boot_confirm(&b);
				}
				if (what == 2)
					b = start();
				left = at;
				if (what == 0) {
					ok = boot_try(HAL_SLOT_B);
				} else if (what == 1) {
					boot_choose(&b);
					ok = b.trial;
					EXPECT("cut while a trial begins, no other image runs", b.known && (b.trial ? b.slot == HAL_SLOT_B : b.slot == HAL_SLOT_A));
				} else {
					ok = boot_confirm(&b);
				}
				done = ok;
				b = start();
				EXPECT("something runs", b.known);
				if (what == 0)
					EXPECT("asked for, a trial is made, or not", ok ? b.trial : true);
				if (what == 1 && ok)
					EXPECT("a trial has ended", !b.trial && b.slot == HAL_SLOT_A);
				if (what == 2)
					EXPECT("confirmed or not", ok ? b.slot == HAL_SLOT_B && !b.trial : b.slot == HAL_SLOT_A || b.slot == HAL_SLOT_B);
				b = start();
				b = start();
				EXPECT("no trial lasts", !b.trial && b.known);
			}
		}
		EXPECT("it takes some words", at > 3);
	}
}

int main(void)
{
	a_trial_runs_once_unless_it_is_confirmed();
	nothing_bad_or_old_runs();
	power_may_be_lost_at_any_word();
	printf("%d checks, %d failures\n", checks, failures);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
