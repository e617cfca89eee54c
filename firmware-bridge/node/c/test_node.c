/* Tests of the library, for the host: run by `make check`, and by go test. */
#include "pn_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vector {
	const char *name, *frame;
	int kind;
	uint32_t node, boot;
	const char *firmware;
	uint32_t uptime, dropped, seq;
	const char *signal;
	int type;
	float number;
	const char *state;
	int truth;
	uint32_t at, age, id, output;
	int on;
};
#include "vectors.h"

static int failures, checks;
#define EXPECT(what, cond) \
	(checks++, (cond) ? (void)0 : (void)(failures++, printf("FAIL %s:%d: %s: %s\n", __FILE__, __LINE__, what, #cond)))
#define COUNT(a) (sizeof(a) / sizeof *(a))

static size_t unhex(uint8_t *out, const char *s)
{
	size_t n = 0;
	unsigned v;

	for (; sscanf(s, "%2x", &v) == 1; s += 2)
		out[n++] = (uint8_t)v;
	return n;
}

static struct pn_message message(const struct vector *v)
{
	struct pn_message m;

	memset(&m, 0, sizeof m);
	m.kind = (uint8_t)v->kind;
	m.node = (uint16_t)v->node;
	m.boot = v->boot;
	m.firmware = v->firmware;
	m.uptime = v->uptime;
	m.dropped = v->dropped;
	m.seq = v->seq;
	m.signal = v->signal;
	m.value.type = (uint8_t)v->type;
	if (v->type == PN_NUMBER)
		m.value.as.number = v->number;
	else if (v->type == PN_STATE)
		m.value.as.state = v->state;
	else
		m.value.as.truth = v->truth != 0;
	m.at = v->at;
	m.age = v->age;
	m.id = v->id;
	m.output = (uint8_t)v->output;
	m.on = v->on != 0;
	return m;
}

/* find gives the one frame of a line. */
static size_t find(uint8_t *frame, const uint8_t *line, size_t n)
{
	struct pn_splitter s;
	size_t i, len, found = 0;

	memset(&s, 0, sizeof s);
	for (i = 0; i < n; i++)
		if (pn_split(&s, line[i], &len) == PN_FRAME) {
			memcpy(frame, s.buf, len);
			found = len;
		}
	return found;
}

static void each_message_has_one_frame(void)
{
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		const struct vector *v = &good[i];
		struct pn_message m = message(v), got;
		uint8_t want[256], out[PN_MAX_WIRE], frame[PN_MAX_LINE];
		size_t n = unhex(want, v->frame), len = find(frame, want, n);
		bool ours = v->kind < PN_ACK;

		EXPECT(v->name, pn_frame(out, &m) == (ours ? n : 0));
		EXPECT(v->name, !ours || memcmp(out, want, n) == 0);
		EXPECT(v->name, pn_parse(&got, frame, len) == !ours);
		EXPECT(v->name, ours || (got.node == m.node && got.boot == m.boot && got.seq == m.seq &&
		                         got.id == m.id && got.output == m.output && got.on == m.on));
	}
}

static void what_is_no_message_is_refused(void)
{
	size_t i;

	for (i = 0; i < COUNT(malformed); i++) {
		uint8_t line[256], frame[PN_MAX_LINE];
		struct pn_message m;
		size_t n = unhex(line, malformed[i].frame);

		EXPECT(malformed[i].name, !pn_parse(&m, frame, find(frame, line, n)));
	}
}

static void what_cannot_be_said_is_not_encoded(void)
{
	struct pn_node n;
	struct pn_port none;
	uint32_t bits = 0x7fc00000;
	float nan;

	memcpy(&nan, &bits, sizeof nan);
	memset(&none, 0, sizeof none);
	pn_init(&n, none, 7, 1, "1.0.0", 0);
	EXPECT("a number", pn_number(&n, "x", 1, 0));
	EXPECT("not a number", !pn_number(&n, "x", nan, 0));
	EXPECT("no signal", !pn_truth(&n, "", true, 0));
	EXPECT("a signal in capitals", !pn_truth(&n, "State", true, 0));
	EXPECT("a long signal", !pn_truth(&n, "sssssssssssssssssssssssssssssssss", true, 0));
	EXPECT("a long state", !pn_state(&n, "state", "ttttttttttttttttttttttttttttttttt", 0));
	EXPECT("only the good one waits", n.count == 1 && n.seq == 1);
}

/* A gateway on paper, behind a line that can lose frames. */
struct gateway {
	struct pn_node node;
	uint32_t now;
	unsigned lose;       /* one frame in so many is lost, either way; 0: none */
	unsigned long dice;
	bool deaf;
	uint32_t hellos, frames, newest, gaps, doubled;
	int outputs[PN_MAX_OUTPUT + 1];
};

static bool lost(struct gateway *g)
{
	g->dice = g->dice * 6364136223846793005ul + 1442695040888963407ul;
	return g->lose != 0 && (g->dice >> 33) % g->lose == 0;
}

/* answer frames an ack or a command, which pn_frame does not. */
static void answer(struct gateway *g, uint8_t kind, uint32_t a, uint32_t b, uint8_t last)
{
	uint8_t body[32] = {0}, out[64];
	size_t n = 0, i;
	uint32_t numbers[2];

	numbers[0] = a;
	numbers[1] = b;
	body[n++] = kind == PN_ACK ? 0x85 : 0x86;
	body[n++] = 1;
	body[n++] = kind;
	body[n++] = 7;
	for (i = 0; i < 2; i++) {
		uint32_t v = numbers[i];
		unsigned bytes = v < 24 ? 0 : v < 256 ? 1 : v < 65536 ? 2 : 4;
		body[n++] = (uint8_t)(bytes == 0 ? v : bytes == 1 ? 24 : bytes == 2 ? 25 : 26);
		while (bytes--)
			body[n++] = (uint8_t)(v >> (8 * bytes));
	}
	if (kind == PN_COMMAND)
		body[n++] = last;
	n = pn_wrap(out, body, n);
	if (lost(g))
		n /= 2;
	for (i = 0; i < n; i++)
		pn_receive(&g->node, out[i], g->now);
}

static uint32_t number_at(const uint8_t **p)
{
	unsigned info = *(*p)++ & 0x1f, bytes = info < 24 ? 0 : 1u << (info - 24);
	uint32_t v = info < 24 ? info : 0;

	while (bytes--)
		v = v << 8 | *(*p)++;
	return v;
}

static void from_node(void *context, const uint8_t *p, size_t n)
{
	struct gateway *g = context;
	uint8_t frame[PN_MAX_LINE];
	const uint8_t *at = frame + 3;
	size_t len = find(frame, p, n);
	uint32_t boot, seq;

	g->frames++;
	if (g->deaf || lost(g))
		return;
	EXPECT("what a node sends is a frame", pn_unwrap(frame, len) > 0);
	if (frame[2] == PN_HELLO) {
		g->hellos++;
		return;
	}
	if (frame[2] != PN_READING)
		return;
	(void)number_at(&at); /* the node */
	boot = number_at(&at);
	seq = number_at(&at);
	if (seq <= g->newest)
		g->doubled++;
	else
		g->gaps += seq - g->newest - 1;
	g->newest = seq > g->newest ? seq : g->newest;
	answer(g, PN_ACK, boot, seq, 0);
}

static bool set(void *context, uint8_t output, bool on)
{
	struct gateway *g = context;

	if (output > 3)
		return false;
	g->outputs[output] = on ? 1 : -1;
	return true;
}

static void start(struct gateway *g, unsigned lose, uint32_t now)
{
	struct pn_port port;

	memset(g, 0, sizeof *g);
	g->lose = lose;
	g->dice = lose;
	g->now = now;
	port.context = g;
	port.write = from_node;
	port.output = set;
	port.line = NULL;
	pn_init(&g->node, port, 7, 0xabcdef01, "1.0.0", now);
}

static void run(struct gateway *g, uint32_t ms)
{
	while (ms--) {
		g->now++;
		pn_tick(&g->node, g->now);
	}
}

static void a_lost_frame_is_sent_again(void)
{
	unsigned lose;
	uint32_t i;

	for (lose = 2; lose <= 5; lose++) { /* up to half of all frames, either way */
		struct gateway g;

		start(&g, lose, 0xffff0000u); /* the uptime wraps on the way */
		for (i = 0; i < 100; i++) {
			pn_number(&g.node, "x", (float)i, g.now);
			run(&g, 30000);
		}
		run(&g, 200000);
		EXPECT("all arrive", g.newest == 100 && g.gaps == 0 && g.node.count == 0 && g.node.dropped == 0);
		EXPECT("some were sent again", g.node.resent > 0);
	}
}

static void a_full_queue_drops_the_oldest_and_counts_it(void)
{
	struct gateway g;
	uint32_t i;

	start(&g, 0, 0);
	g.deaf = true;
	for (i = 0; i < PN_QUEUE + 5; i++)
		pn_truth(&g.node, "contact", true, g.now);
	run(&g, 1000);
	EXPECT("five had to go", g.node.dropped == 5 && g.node.count == PN_QUEUE);
	g.deaf = false;
	run(&g, 20000);
	EXPECT("the others arrive", g.node.count == 0 && g.newest == PN_QUEUE + 5 && g.gaps == 5);
}

static void sending_again_slows_down(void)
{
	struct gateway g;

	start(&g, 0, 0);
	g.deaf = true;
	pn_truth(&g.node, "contact", true, 0);
	run(&g, 60000);
	EXPECT("a reading to nobody takes few frames a minute", g.frames >= 7 && g.frames <= 14);
	run(&g, 600000);
	EXPECT("and so it stays", g.frames <= 14 + 90);
}

static void hellos_come_at_the_start_and_every_minute(void)
{
	struct gateway g;

	start(&g, 0, 0xfffffff0u);
	run(&g, 10);
	EXPECT("at the start", g.hellos == 1);
	run(&g, 600000);
	EXPECT("every minute", g.hellos >= 8 && g.hellos <= 11);
}

static void commands_are_carried_out_and_answered(void)
{
	struct gateway g;
	uint32_t before;

	start(&g, 0, 0);
	run(&g, 1);
	before = g.frames;
	answer(&g, PN_COMMAND, 9, 2, 0xf5);
	EXPECT("output 2 is on", g.outputs[2] == 1 && g.frames == before + 1);
	answer(&g, PN_COMMAND, 9, 2, 0xf5);
	EXPECT("and once more, after its answer was lost", g.outputs[2] == 1 && g.frames == before + 2);
	answer(&g, PN_COMMAND, 10, 9, 0xf5);
	EXPECT("there is no output 9, and the answer says so", g.outputs[9] == 0 && g.frames == before + 3);
	g.node.id = 8;
	answer(&g, PN_COMMAND, 11, 1, 0xf5);
	EXPECT("another node's command", g.outputs[1] == 0 && g.frames == before + 3);
}

static void an_acknowledgement_of_something_else_is_ignored(void)
{
	struct gateway g;

	start(&g, 0, 0);
	g.deaf = true;
	pn_truth(&g.node, "contact", true, 0);
	answer(&g, PN_ACK, 0xabcdef01, 2, 0);
	EXPECT("of another reading", g.node.count == 1);
	answer(&g, PN_ACK, 0xabcdef02, 1, 0);
	EXPECT("of another boot", g.node.count == 1);
	answer(&g, PN_ACK, 0xabcdef01, 1, 0);
	EXPECT("of this one", g.node.count == 0);
	answer(&g, PN_ACK, 0xabcdef01, 1, 0);
	EXPECT("twice", g.node.count == 0);
}

/* What comes over a line is anything at all. */
static void noise_does_no_harm(void)
{
	struct gateway g;
	unsigned long r = 1;
	uint32_t i;

	start(&g, 0, 0);
	for (i = 0; i < 2000000; i++) {
		r = r * 6364136223846793005ul + 1442695040888963407ul;
		pn_receive(&g.node, (uint8_t)((r >> 40) % 8 == 0 ? 0 : r >> 33), i);
	}
	pn_receive(&g.node, 0, i);
	answer(&g, PN_COMMAND, 9, 2, 0xf5);
	EXPECT("a command after it is heard", g.outputs[2] == 1);
}

int main(void)
{
	each_message_has_one_frame();
	what_is_no_message_is_refused();
	what_cannot_be_said_is_not_encoded();
	a_lost_frame_is_sent_again();
	a_full_queue_drops_the_oldest_and_counts_it();
	sending_again_slows_down();
	hellos_come_at_the_start_and_every_minute();
	commands_are_carried_out_and_answered();
	an_acknowledgement_of_something_else_is_ignored();
	noise_does_no_harm();
	printf("%d checks, %d failures\n", checks, failures);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
