/* Answers, for tests: lines "sha256 MESSAGE", "sha512 MESSAGE" and "verify
 * SIGNATURE KEY MESSAGE" in hexadecimal, - for nothing; a line for each. */
#include "../ed25519.h"
#include "../sha2.h"

#include <stdio.h>
#include <string.h>

static size_t unhex(uint8_t *out, const char *s)
{
	size_t n = 0;
	unsigned v;

	for (; sscanf(s, "%2x", &v) == 1; s += 2)
		out[n++] = (uint8_t)v;
	return n;
}

static void print(const uint8_t *p, size_t n)
{
	while (n--)
		printf("%02x", *p++);
	printf("\n");
}

int main(void)
{
	static char line[20000], a[8200], b[200], c[8200];
	static uint8_t msg[4100], sig[4100], key[100], out[64];

	while (fgets(line, sizeof line, stdin) != NULL) {
		struct sha256 s;
		struct sha512 l;
		size_t n;

		if (sscanf(line, "sha256 %8199s", c) == 1) {
			n = unhex(msg, c);
			sha256_init(&s);
			sha256_add(&s, msg, n);
			sha256_end(&s, out);
			print(out, 32);
		} else if (sscanf(line, "sha512 %8199s", c) == 1) {
			n = unhex(msg, c);
			sha512_init(&l);
			sha512_add(&l, msg, n);
			sha512_end(&l, out);
			print(out, 64);
		} else if (sscanf(line, "verify %8199s %199s %8199s", a, b, c) == 3) {
			n = unhex(msg, c);
			if (unhex(sig, a) != 64 || unhex(key, b) != 32)
				printf("malformed\n");
			else
				printf("%s\n", ed25519_verify(sig, key, msg, n) ? "good" : "bad");
		}
	}
	return 0;
}
