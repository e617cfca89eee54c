/* What the library's files share among themselves. */
#ifndef PN_INTERNAL_H
#define PN_INTERNAL_H

#include "plantroom_node.h"

/* Of the C library. A bare cross-compiler comes without string.h, and C99 §7.1.4
 * permits to declare its functions instead. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

size_t pn_wrap(uint8_t *out, const uint8_t *body, size_t n);
size_t pn_unwrap(uint8_t *frame, size_t n);

#endif
