/* Framing: COBS, CRC-32, and what else shares the line. The counterpart of
 * frame.go. */
#include "pn_internal.h"

/* Four bits at a time: 64 bytes of table instead of 1,024. */
uint32_t pn_crc32(uint32_t crc, const uint8_t *p, size_t n)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	crc = ~crc;
	while (n--) {
		crc ^= *p++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/* Body and sum are shorter than 254 bytes, so a code never stands for a full
 * block. out may not overlap body. */
size_t pn_wrap(uint8_t *out, const uint8_t *body, size_t n)
{
	uint32_t crc = pn_crc32(0, body, n);
	size_t at = 0, code, i;

	out[at++] = 0;
	code = at++;
	out[code] = 1;
	for (i = 0; i < n + 4; i++) {
		uint8_t c = i < n ? body[i] : (uint8_t)(crc >> (8 * (n + 3 - i)));
		if (c == 0) {
			code = at++;
			out[code] = 1;
			continue;
		}
		out[at++] = c;
		out[code]++;
	}
	out[at++] = 0;
	return at;
}

/* pn_unwrap undoes pn_wrap in place and returns the length of the body, or 0. */
size_t pn_unwrap(uint8_t *f, size_t len)
{
	size_t i = 0, n = 0;
	uint32_t crc;

	if (len > PN_MAX_WIRE - 2)
		return 0;
	while (i < len) {
		size_t code = f[i];
		if (code == 0 || i + code > len)
			return 0;
		memmove(f + n, f + i + 1, code - 1);
		n += code - 1;
		i += code;
		if (i < len)
			f[n++] = 0;
	}
	if (n <= 4)
		return 0;
	n -= 4;
	crc = (uint32_t)f[n] << 24 | (uint32_t)f[n + 1] << 16 | (uint32_t)f[n + 2] << 8 | f[n + 3];
	return pn_crc32(0, f, n) == crc ? n : 0;
}

static void take(struct pn_splitter *s, uint8_t c)
{
	if (s->n == sizeof s->buf) {
		s->skip = true;
		return;
	}
	s->buf[s->n++] = c;
	if (s->n == 2)
		s->line = (s->buf[0] == 0x06 && c == 0x09) || (s->buf[0] == 0x04 && c == 0x14);
}

enum pn_found pn_split(struct pn_splitter *s, uint8_t c, size_t *n)
{
	bool was_line = s->line, whole = s->n > 0 && !s->skip;
	bool ends = was_line ? c == '\n' : c == 0;

	*n = s->n;
	if (!ends && was_line && (c == 0 || c == 0x06 || c == 0x04)) {
		s->n = 0; /* base64 has none of these: the line was cut */
		s->line = s->skip = false;
		if (c != 0)
			take(s, c);
		return PN_NOTHING;
	}
	if (!ends) {
		take(s, c);
		return PN_NOTHING;
	}
	s->n = 0;
	s->line = s->skip = false;
	return !whole ? PN_NOTHING : was_line ? PN_LINE : PN_FRAME;
}
