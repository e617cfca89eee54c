/* MCUboot images in a slot: the format of MCUboot's design.md and imgtool's
 * image.py, of which this takes images that are signed with Ed25519 (over the
 * SHA-256 of header, code and protected TLVs) and carry a security counter among
 * the protected TLVs. */
#ifndef IMAGE_H
#define IMAGE_H

#include "hal.h"

#define IMAGE_VERSION_TEXT 25 /* of "255.255.65535.4294967295" with its end */

struct image {
	uint8_t major, minor;
	uint16_t revision;
	uint32_t build;
	uint32_t counter; /* the security counter */
	uint32_t size;    /* in the slot, TLVs included */
	uint8_t hash[32];
};

/* image_check verifies the image in a slot. NULL: it is whole, and signed by
 * hal_update_key; else the reason. */
const char *image_check(enum hal_area slot, struct image *out);

/* image_begins reports whether a slot's first 32 bytes may be those of an image
 * that fits; NULL, or the reason. */
const char *image_begins(const uint8_t header[32]);

/* image_version writes "1.4.0", or "1.4.0.7" where there is a build number. */
void image_version(char out[IMAGE_VERSION_TEXT], const struct image *i);

#endif
