/* Verification of Ed25519 signatures (RFC 8032 §5.1), and nothing else: a node
 * signs nothing and has no secret, so this need not run in constant time. Small
 * rather than fast: one unified addition serves for doubling too. */
#include "ed25519.h"

#include "pn_internal.h"
#include "sha2.h"

/* A number modulo p = 2^255 - 19, in 32-bit limbs, the least first; any of the
 * spellings below 2^256. */
typedef struct { uint32_t v[8]; } fe;

/* A point (X/Z, Y/Z) with T = XY/Z. */
typedef struct { fe x, y, z, t; } point;

static const fe zero = {{0}}, one = {{1}};
static const fe P = {{0xffffffed, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x7fffffff}};
static const fe D = {{0x135978a3, 0x75eb4dca, 0x4141d8ab, 0x00700a4d, 0x7779e898, 0x8cc74079, 0x2b6ffe73, 0x52036cee}}; /* -121665/121666 */
static const fe ROOT = {{0x4a0ea0b0, 0xc4ee1b27, 0xad2fe478, 0x2f431806, 0x3dfbd7a7, 0x2b4d0099, 0x4fc1df0b, 0x2b832480}}; /* of -1 */
static const fe BX = {{0x8f25d51a, 0xc9562d60, 0x9525a7b2, 0x692cc760, 0xfdd6dc5c, 0xc0a4e231, 0xcd6e53fe, 0x216936d3}};
static const fe BY = {{0x66666658, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666, 0x66666666}}; /* 4/5 */
static const fe L = {{0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0x00000000, 0x00000000, 0x00000000, 0x10000000}}; /* the order of B */

/* 2^256 is 38. */
static void fold(fe *r, uint64_t carry)
{
	unsigned i;

	while (carry != 0) {
		carry *= 38;
		for (i = 0; i < 8; i++) {
			carry += r->v[i];
			r->v[i] = (uint32_t)carry;
			carry >>= 32;
		}
	}
}

static void add(fe *r, const fe *a, const fe *b)
{
	uint64_t carry = 0;
	unsigned i;

	for (i = 0; i < 8; i++) {
		carry += (uint64_t)a->v[i] + b->v[i];
		r->v[i] = (uint32_t)carry;
		carry >>= 32;
	}
	fold(r, carry);
}

/* minus subtracts plain numbers and returns what was borrowed. */
static uint32_t minus(fe *r, const fe *a, const fe *b)
{
	uint64_t borrow = 0;
	unsigned i;

	for (i = 0; i < 8; i++) {
		borrow = (uint64_t)a->v[i] - b->v[i] - borrow;
		r->v[i] = (uint32_t)borrow;
		borrow = borrow >> 32 & 1;
	}
	return (uint32_t)borrow;
}

static void sub(fe *r, const fe *a, const fe *b)
{
	static const fe over = {{38}};

	if (minus(r, a, b))
		while (minus(r, r, &over))
			;
}

static void mul(fe *r, const fe *a, const fe *b)
{
	uint32_t t[16] = {0};
	uint64_t carry;
	unsigned i, j;

	for (i = 0; i < 8; i++) {
		carry = 0;
		for (j = 0; j < 8; j++) {
			carry += (uint64_t)a->v[i] * b->v[j] + t[i + j];
			t[i + j] = (uint32_t)carry;
			carry >>= 32;
		}
		t[i + 8] = (uint32_t)carry;
	}
	carry = 0;
	for (i = 0; i < 8; i++) {
		carry += (uint64_t)t[i + 8] * 38 + t[i];
		r->v[i] = (uint32_t)carry;
		carry >>= 32;
	}
	fold(r, carry);
}

/* freeze gives the spelling below p: 2^256 is less than 2p + 39. */
static void freeze(fe *r)
{
	fe less;

	while (minus(&less, r, &P) == 0)
		*r = less;
}

static bool same(const fe *a, const fe *b)
{
	fe d;

	sub(&d, a, b);
	freeze(&d);
	return memcmp(&d, &zero, sizeof d) == 0;
}

static unsigned bit(const fe *a, unsigned i) { return a->v[i / 32] >> (i % 32) & 1; }

/* power raises to 2^n - less, whose bits below the lowest eight are all 1. */
static void power(fe *r, const fe *a, unsigned n, unsigned less)
{
	fe base = *a, out = one;
	unsigned low = 0x100u - less;

	while (n-- > 0) {
		mul(&out, &out, &out);
		if (n >= 8 || (low >> n & 1))
			mul(&out, &out, &base);
	}
	*r = out;
}

static void plus(point *r, const point *p, const point *q)
{
	fe a, b, c, d, e, f, g, h;

	sub(&a, &p->y, &p->x);
	sub(&b, &q->y, &q->x);
	mul(&a, &a, &b);
	add(&b, &p->y, &p->x);
	add(&c, &q->y, &q->x);
	mul(&b, &b, &c);
	mul(&c, &p->t, &q->t);
	mul(&c, &c, &D);
	add(&c, &c, &c);
	mul(&d, &p->z, &q->z);
	add(&d, &d, &d);
	sub(&e, &b, &a);
	sub(&f, &d, &c);
	add(&g, &d, &c);
	add(&h, &b, &a);
	mul(&r->x, &e, &f);
	mul(&r->y, &g, &h);
	mul(&r->t, &e, &h);
	mul(&r->z, &f, &g);
}

static void load(fe *r, const uint8_t *p)
{
	unsigned i;

	*r = zero;
	for (i = 0; i < 32; i++)
		r->v[i / 4] |= (uint32_t)p[i] << (8 * (i % 4));
}

/* decode finds a point by its y and the lowest bit of its x (§5.1.3). */
static bool decode(point *r, const uint8_t in[32])
{
	fe u, v, w, minus_u, x;
	unsigned sign;

	load(&r->y, in);
	sign = bit(&r->y, 255);
	r->y.v[7] &= 0x7fffffff;
	if (minus(&u, &r->y, &P) == 0)
		return false; /* not below p */
	mul(&u, &r->y, &r->y);
	mul(&v, &u, &D);
	sub(&u, &u, &one);
	add(&v, &v, &one);
	mul(&w, &v, &v);
	mul(&w, &w, &v);         /* v^3 */
	mul(&x, &w, &w);
	mul(&x, &x, &v);
	mul(&x, &x, &u);         /* u v^7 */
	power(&x, &x, 252, 3);   /* to (p-5)/8 */
	mul(&x, &x, &w);
	mul(&x, &x, &u);
	mul(&w, &x, &x);
	mul(&w, &w, &v);
	sub(&minus_u, &zero, &u);
	if (same(&w, &minus_u))
		mul(&x, &x, &ROOT);
	else if (!same(&w, &u))
		return false;
	freeze(&x);
	if (sign && same(&x, &zero))
		return false;
	if (bit(&x, 0) != sign)
		sub(&x, &zero, &x);
	r->x = x;
	r->z = one;
	mul(&r->t, &r->x, &r->y);
	return true;
}

static void encode(uint8_t out[32], const point *p)
{
	fe inverse, x, y;
	unsigned i;

	power(&inverse, &p->z, 255, 21); /* to p-2 */
	mul(&x, &p->x, &inverse);
	mul(&y, &p->y, &inverse);
	freeze(&x);
	freeze(&y);
	y.v[7] |= bit(&x, 0) << 31;
	for (i = 0; i < 32; i++)
		out[i] = (uint8_t)(y.v[i / 4] >> (8 * (i % 4)));
}

/* remainder of 512 bits modulo L, a bit at a time. */
static void remainder_of(fe *r, const uint8_t in[64])
{
	unsigned i, j;
	fe less;

	*r = zero;
	for (i = 512; i-- > 0;) {
		for (j = 7; j > 0; j--)
			r->v[j] = r->v[j] << 1 | r->v[j - 1] >> 31;
		r->v[0] = r->v[0] << 1 | (in[i / 8] >> (i % 8) & 1u);
		if (minus(&less, r, &L) == 0)
			*r = less;
	}
}

bool ed25519_verify(const uint8_t sig[64], const uint8_t key[32], const uint8_t *msg, size_t n)
{
	point sums[4], sum; /* nothing, B, -A, B - A */
	fe s, h;
	struct sha512 hash;
	uint8_t out[64];
	unsigned i;

	load(&s, sig + 32);
	if (minus(&h, &s, &L) == 0 || !decode(&sums[2], key))
		return false;
	sub(&sums[2].x, &zero, &sums[2].x);
	sub(&sums[2].t, &zero, &sums[2].t);
	sums[1].x = BX;
	sums[1].y = BY;
	sums[1].z = one;
	mul(&sums[1].t, &BX, &BY);
	plus(&sums[3], &sums[1], &sums[2]);

	sha512_init(&hash);
	sha512_add(&hash, sig, 32);
	sha512_add(&hash, key, 32);
	sha512_add(&hash, msg, n);
	sha512_end(&hash, out);
	remainder_of(&h, out);

	sum.x = sum.t = zero;
	sum.y = sum.z = one;
	for (i = 253; i-- > 0;) { /* both are below L, of 253 bits */
		unsigned which = bit(&s, i) | bit(&h, i) << 1;
		plus(&sum, &sum, &sum);
		if (which != 0)
			plus(&sum, &sum, &sums[which]);
	}
	encode(out, &sum);
	return memcmp(out, sig, 32) == 0;
}
