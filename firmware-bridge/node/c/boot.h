/* Which of the two slots runs: the confirmed one, or once, on trial, a new one
 * that goes back to the confirmed one at the next start unless it is confirmed
 * meanwhile. A boot loader calls boot_choose and jumps; the firmware calls the
 * others. The choice is kept in a record of two copies, of which each change
 * overwrites the older: losing power at any moment leaves the state before or
 * after. */
#ifndef BOOT_H
#define BOOT_H

#include "hal.h"
#include "image.h"

struct boot {
	enum hal_area slot; /* that runs */
	bool trial;         /* and is not confirmed */
	bool known;         /* false: no slot holds a good image, and this is what was flashed by hand */
	struct image image; /* where known */
};

/* boot_choose says what to run, and notes that a trial has begun. */
void boot_choose(struct boot *b);

/* boot_try has the other slot's image run on trial at the next start. False: the
 * record cannot be written. */
bool boot_try(enum hal_area slot);

/* boot_untry takes that back, before the slot is written anew. */
bool boot_untry(void);

/* boot_pending reports whether a slot is to run on trial at the next start. */
bool boot_pending(enum hal_area slot);

/* boot_confirm makes what runs the confirmed slot, and refuses images with a
 * lower security counter from now on. */
bool boot_confirm(struct boot *b);

/* boot_floor is the least security counter that may run. */
uint32_t boot_floor(void);

#endif
