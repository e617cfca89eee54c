/* An SMP server (MCUmgr) on a console: echo, reset and parameters of group 0,
 * state and upload of group 1. Sources: Zephyr's SMP Protocol and Transport
 * Specifications and its pages on groups 0 and 1. */
#ifndef SMP_H
#define SMP_H

#include "boot.h"

/* The largest message, header included. A client asks for it. */
#define SMP_MESSAGE 384

struct smp {
	struct boot *boot;
	uint8_t in[SMP_MESSAGE + 2]; /* a message and its CRC-16, as they come in */
	uint16_t have, want;

	/* The upload into the other slot. */
	uint8_t session[32]; /* "sha" of its first request: whose upload it is */
	uint32_t length, at; /* of the file; what is written */
	bool open;

	struct image other; /* in the other slot */
	bool checked, good;

	bool reset; /* asked for; the answer comes first */
};

void smp_init(struct smp *s, struct boot *boot);

/* smp_line takes a line with its marker and without its newline, and answers on
 * hal_uart_write when it is the last one of a message. */
void smp_line(struct smp *s, const uint8_t *p, size_t n);

/* Shared by smp.c and smp_console.c. */
void smp_answer(struct smp *s, uint8_t *message, size_t n);
void smp_send(const uint8_t *message, size_t n);

#endif
