/* SHA-256 and SHA-512 of less than 4 GiB. */
#ifndef SHA2_H
#define SHA2_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t h[8], length;
	uint8_t block[64];
};
void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const uint8_t *p, size_t n);
void sha256_end(struct sha256 *s, uint8_t out[32]);

struct sha512 {
	uint64_t h[8];
	uint32_t length;
	uint8_t block[128];
};
void sha512_init(struct sha512 *s);
void sha512_add(struct sha512 *s, const uint8_t *p, size_t n);
void sha512_end(struct sha512 *s, uint8_t out[64]);

#endif
