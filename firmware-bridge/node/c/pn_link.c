/* The queue of readings and their sending. One reading is under way at a time:
 * the oldest, until its acknowledgement comes. */
#include "pn_internal.h"

static bool past(uint32_t now, uint32_t due) { return (int32_t)(now - due) >= 0; }

/* jitter gives up to a quarter of a time more, so that two nodes that began
 * together do not stay together. A linear congruence is enough for that. */
static uint32_t jitter(struct pn_node *n, uint32_t t)
{
	n->dice = n->dice * 1664525u + 1013904223u;
	return t + (t >> 2) * (n->dice >> 16) / 0x10000u;
}

void pn_init(struct pn_node *n, struct pn_port port, uint16_t id, uint32_t boot, const char *firmware, uint32_t now)
{
	memset(n, 0, sizeof *n);
	n->port = port;
	n->id = id;
	n->boot = boot;
	n->firmware = firmware;
	n->dice = boot ^ (uint32_t)id << 16;
	n->hello = now;
}

static void send(struct pn_node *n, struct pn_message *m)
{
	uint8_t out[PN_MAX_WIRE];
	size_t len;

	m->node = n->id;
	m->boot = n->boot;
	len = pn_frame(out, m);
	if (len > 0)
		n->port.write(n->port.context, out, len);
}

/* next makes the oldest reading due at once. */
static void next(struct pn_node *n, uint32_t now)
{
	n->fresh = true;
	n->due = now;
	n->wait = PN_RETRY_FIRST;
}

static void drop_oldest(struct pn_node *n)
{
	n->first = (uint16_t)((n->first + 1) % PN_QUEUE);
	n->count--;
}

static bool queue(struct pn_node *n, const char *signal, struct pn_value value, uint32_t now)
{
	struct pn_message m;
	struct pn_waiting *w;
	uint8_t out[PN_MAX_WIRE];

	memset(&m, 0, sizeof m);
	m.kind = PN_READING;
	m.node = n->id;
	m.seq = 1;
	m.signal = signal;
	m.value = value;
	if (pn_frame(out, &m) == 0) /* never queue what could never be sent */
		return false;
	if (n->count == PN_QUEUE) {
		drop_oldest(n);
		n->dropped++;
		next(n, now);
	}
	if (n->count == 0)
		next(n, now);
	w = &n->queue[(n->first + n->count) % PN_QUEUE];
	n->count++;
	w->seq = ++n->seq;
	w->at = now;
	w->signal = signal;
	w->value = value;
	return true;
}

bool pn_number(struct pn_node *n, const char *signal, float value, uint32_t now)
{
	struct pn_value v;

	v.type = PN_NUMBER;
	v.as.number = value;
	return queue(n, signal, v, now);
}

bool pn_state(struct pn_node *n, const char *signal, const char *value, uint32_t now)
{
	struct pn_value v;

	v.type = PN_STATE;
	v.as.state = value;
	return queue(n, signal, v, now);
}

bool pn_truth(struct pn_node *n, const char *signal, bool value, uint32_t now)
{
	struct pn_value v;

	v.type = PN_TRUTH;
	v.as.truth = value;
	return queue(n, signal, v, now);
}

static void send_oldest(struct pn_node *n, uint32_t now)
{
	const struct pn_waiting *w = &n->queue[n->first];
	struct pn_message m;

	memset(&m, 0, sizeof m);
	m.kind = PN_READING;
	m.seq = w->seq;
	m.signal = w->signal;
	m.value = w->value;
	m.at = w->at;
	m.age = now - w->at;
	send(n, &m);
	if (!n->fresh)
		n->resent++;
	n->fresh = false;
	n->due = now + jitter(n, n->wait);
	n->wait = n->wait * 2 > PN_RETRY_MOST ? PN_RETRY_MOST : n->wait * 2;
}

void pn_tick(struct pn_node *n, uint32_t now)
{
	if (past(now, n->hello)) {
		struct pn_message m;

		memset(&m, 0, sizeof m);
		m.kind = PN_HELLO;
		m.firmware = n->firmware;
		m.uptime = now;
		m.dropped = n->dropped;
		send(n, &m);
		n->hello = now + jitter(n, PN_HELLO_EVERY);
	}
	if (n->count > 0 && past(now, n->due))
		send_oldest(n, now);
}

static void heard(struct pn_node *n, const struct pn_message *m, uint32_t now)
{
	struct pn_message done;

	if (m->node != n->id)
		return;
	if (m->kind == PN_ACK) {
		if (m->boot == n->boot && n->count > 0 && m->seq == n->queue[n->first].seq) {
			drop_oldest(n);
			next(n, now);
		}
		return;
	}
	memset(&done, 0, sizeof done);
	done.kind = PN_DONE;
	done.id = m->id;
	done.on = n->port.output(n->port.context, m->output, m->on);
	send(n, &done);
}

void pn_receive(struct pn_node *n, uint8_t byte, uint32_t now)
{
	struct pn_message m;
	size_t len;

	switch (pn_split(&n->splitter, byte, &len)) {
	case PN_FRAME:
		if (pn_parse(&m, n->splitter.buf, len))
			heard(n, &m, now);
		break;
	case PN_LINE:
		if (n->port.line != NULL)
			n->port.line(n->port.context, n->splitter.buf, len);
		break;
	case PN_NOTHING:
		break;
	}
}
