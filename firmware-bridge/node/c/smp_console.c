/* SMP over console: lines of base64 that make up a message and its CRC-16
 * (XMODEM: polynomial 0x1021, beginning with 0). */
#include "smp.h"

#include "pn_internal.h"

enum { LINE = 124 }; /* characters between marker and newline */

static uint16_t crc16(const uint8_t *p, size_t n)
{
	uint16_t crc = 0;
	unsigned i;

	while (n--) {
		crc ^= (uint16_t)(*p++ << 8);
		for (i = 0; i < 8; i++)
			crc = (uint16_t)(crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0));
	}
	return crc;
}

static int sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* decode gives the bytes of a line. */
static bool decode(uint8_t *raw, size_t *got, const uint8_t *p, size_t n)
{
	size_t i, pad;

	*got = 0;
	if (n % 4 != 0 || n > LINE)
		return false;
	for (; n > 0; n -= 4, p += 4) {
		uint32_t v = 0;
		pad = n == 4 ? (size_t)(p[3] == '=') + (size_t)(p[3] == '=' && p[2] == '=') : 0;
		for (i = 0; i < 4; i++) {
			int six = i >= 4 - pad ? 0 : sextet(p[i]);
			if (six < 0)
				return false;
			v = v << 6 | (uint32_t)six;
		}
		for (i = 0; i < 3 - pad; i++)
			raw[(*got)++] = (uint8_t)(v >> (16 - 8 * i));
	}
	return true;
}

void smp_line(struct smp *s, const uint8_t *p, size_t n)
{
	uint8_t raw[LINE / 4 * 3], *at = raw;
	size_t got;
	bool first = n >= 2 && p[0] == 0x06;

	if (n < 2 || (!first && s->want == 0) || !decode(raw, &got, p + 2, n - 2))
		goto drop;
	if (first) {
		if (got < 2)
			goto drop;
		s->want = (uint16_t)(raw[0] << 8 | raw[1]);
		s->have = 0;
		at += 2;
		got -= 2;
		if (s->want < 10 || s->want > sizeof s->in)
			goto drop;
	}
	if (got > (size_t)(s->want - s->have))
		goto drop;
	memcpy(s->in + s->have, at, got);
	s->have = (uint16_t)(s->have + got);
	if (s->have < s->want)
		return;
	n = s->want;
	s->want = 0;
	if (crc16(s->in, n) == 0)
		smp_answer(s, s->in, n - 2);
	return;
drop:
	s->want = 0;
}

static uint8_t letter(uint32_t six)
{
	return (uint8_t)(six < 26 ? 'A' + six : six < 52 ? 'a' + six - 26 : six < 62 ? '0' + six - 52 : six == 62 ? '+' : '/');
}

/* byte gives what goes over the line: length, message, CRC. */
static uint8_t byte(const uint8_t *m, size_t n, uint16_t crc, size_t i)
{
	if (i < 2)
		return (uint8_t)((n + 2) >> (8 - 8 * i));
	i -= 2;
	return i < n ? m[i] : (uint8_t)(i == n ? crc >> 8 : crc);
}

void smp_send(const uint8_t *m, size_t n)
{
	uint8_t line[LINE + 3];
	size_t at = 0, len, i, total = n + 4;
	uint16_t crc = crc16(m, n);

	while (at < total) {
		line[0] = at == 0 ? 0x06 : 0x04;
		line[1] = at == 0 ? 0x09 : 0x14;
		for (len = 2; len < LINE + 2 && at < total; len += 4) {
			uint32_t v = 0;
			size_t some = total - at < 3 ? total - at : 3;
			for (i = 0; i < 3; i++)
				v = v << 8 | (i < some ? byte(m, n, crc, at + i) : 0u);
			for (i = 0; i < 4; i++)
				line[len + i] = i > some ? '=' : letter(v >> (18 - 6 * i) & 63);
			at += some;
		}
		line[len++] = '\n';
		hal_uart_write(line, len);
	}
}
