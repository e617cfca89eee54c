/* Verification of Ed25519 signatures. */
#ifndef ED25519_H
#define ED25519_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ed25519_verify reports whether sig is the key's signature of msg. It is as
 * strict as RFC 8032 §5.1.7 without the cofactor, like Go's crypto/ed25519. */
bool ed25519_verify(const uint8_t sig[64], const uint8_t key[32], const uint8_t *msg, size_t n);

#endif
