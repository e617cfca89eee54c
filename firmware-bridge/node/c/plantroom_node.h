/* The link of Plantroom's sensor nodes, for the node: frames on a serial line
 * (COBS, CRC-32), five messages in a subset of CBOR, and a bounded queue of
 * readings, each sent until the gateway has acknowledged it. docs/node.md
 * describes the link.
 *
 * C99. It allocates nothing, keeps no clock, starts no thread, and needs of the
 * C library memcpy, memmove, memset and strlen alone. One context (main loop) at a time
 * may use one struct pn_node; an interrupt should only fill the UART's buffer.
 */
#ifndef PLANTROOM_NODE_H
#define PLANTROOM_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds, in bytes; the same as in Go. */
#define PN_MAX_SIGNAL   32
#define PN_MAX_STATE    32
#define PN_MAX_FIRMWARE 24
#define PN_MAX_OUTPUT   15
#define PN_MAX_BODY     96
#define PN_MAX_WIRE     103 /* a frame with a delimiter on both sides */
#define PN_MAX_LINE     127 /* an SMP line with its newline */

/* How many readings may wait for their acknowledgement. */
#ifndef PN_QUEUE
#define PN_QUEUE 16
#endif

/* Times in milliseconds. */
#define PN_HELLO_EVERY 60000u
#define PN_RETRY_FIRST 500u  /* a gateway acknowledges within its spool's linger and a sync */
#define PN_RETRY_MOST  8000u

enum pn_kind { PN_HELLO = 1, PN_READING = 2, PN_DONE = 3, PN_ACK = 16, PN_COMMAND = 17 };

enum pn_type { PN_NUMBER = 1, PN_STATE = 2, PN_TRUTH = 3 };

struct pn_value {
	uint8_t type; /* enum pn_type */
	union {
		float number;      /* finite */
		const char *state; /* UTF-8; has to stay where it is until acknowledged */
		bool truth;
	} as;
};

/* One message. Which fields count is said beside them. */
struct pn_message {
	uint8_t kind;         /* enum pn_kind */
	uint16_t node;        /* not 0 */
	uint32_t boot;        /* all but command */
	const char *firmware; /* hello */
	uint32_t uptime;      /* hello */
	uint32_t dropped;     /* hello */
	uint32_t seq;         /* reading, ack: not 0 */
	const char *signal;   /* reading: a-z, 0-9, _; has to stay where it is */
	struct pn_value value;/* reading */
	uint32_t at, age;     /* reading: uptime when measured, and ms since then */
	uint32_t id;          /* command, done */
	uint8_t output;       /* command */
	bool on;              /* command; done: it was carried out */
};

/* pn_frame encodes a hello, reading or done with both delimiters and returns its
 * length, or 0 where it exceeds a bound or a number is not finite. */
size_t pn_frame(uint8_t out[PN_MAX_WIRE], const struct pn_message *m);

/* pn_parse decodes what stood between two delimiters, in place. It knows acks
 * and commands; all else, and all that is not exactly so, gives false. */
bool pn_parse(struct pn_message *m, uint8_t *frame, size_t n);

/* CRC-32 of IEEE 802.3; begin with crc 0. */
uint32_t pn_crc32(uint32_t crc, const uint8_t *p, size_t n);

/* Parts a line into frames and SMP lines; zeroed, it is ready. */
struct pn_splitter {
	uint8_t buf[PN_MAX_LINE];
	uint8_t n;
	bool line, skip;
};

enum pn_found { PN_NOTHING, PN_FRAME, PN_LINE };

/* pn_split takes a byte. When it ends a frame or an SMP line, that is in buf,
 * *n bytes long, until the next call. */
enum pn_found pn_split(struct pn_splitter *s, uint8_t byte, size_t *n);

/* What the library wants of the firmware. */
struct pn_port {
	void *context;
	void (*write)(void *context, const uint8_t *p, size_t n);      /* puts it on the line, or drops it */
	bool (*output)(void *context, uint8_t output, bool on);        /* false: there is no such output */
	void (*line)(void *context, const uint8_t *p, size_t n);       /* an SMP line; may be NULL */
};

struct pn_waiting {
	uint32_t seq, at;
	const char *signal;
	struct pn_value value;
};

/* One node. Look at it; change it through the functions only. */
struct pn_node {
	struct pn_port port;
	uint16_t id;
	uint32_t boot;
	const char *firmware;
	struct pn_splitter splitter;
	struct pn_waiting queue[PN_QUEUE];
	uint16_t first, count;
	uint32_t seq;      /* of the newest reading */
	uint32_t dropped;  /* readings that had to make room for newer ones */
	uint32_t resent;   /* frames sent again */
	uint32_t due;      /* when the oldest reading is sent (again) */
	uint32_t wait;     /* until it is sent again after that */
	uint32_t hello;    /* when the next hello is due */
	uint32_t dice;
	bool fresh;        /* the oldest reading has not been sent yet */
};

/* pn_init starts a node. id is 1 to 65535 and its own on its line; boot differs
 * from the last start's (a random number, or a count kept in flash); firmware
 * is the version that runs, as in "1.4.0". */
void pn_init(struct pn_node *n, struct pn_port port, uint16_t id, uint32_t boot, const char *firmware, uint32_t now);

/* Each queues one reading that was taken at uptime now. A full queue drops its
 * oldest reading: what is the case now matters more. False: it exceeds a bound. */
bool pn_number(struct pn_node *n, const char *signal, float value, uint32_t now);
bool pn_state(struct pn_node *n, const char *signal, const char *value, uint32_t now);
bool pn_truth(struct pn_node *n, const char *signal, bool value, uint32_t now);

/* pn_receive takes a byte from the line. */
void pn_receive(struct pn_node *n, uint8_t byte, uint32_t now);

/* pn_tick sends what is due; call it whenever the main loop comes round. */
void pn_tick(struct pn_node *n, uint32_t now);

#endif
