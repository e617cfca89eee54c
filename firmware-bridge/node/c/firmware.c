/* The reference firmware. It watches a leak rope on ADC channel 0 and a dry
 * contact on input 0, says what changes at once and everything once a minute,
 * sets outputs when told to, and takes updates. Another node is another `sense`. */
#include "firmware.h"
#include "plantroom_node.h"
#include "smp.h"

#define EVERY   60000u /* ms, the longest time between two readings of a signal */
#define DEBOUNCE   50u /* ms */
#define POLL       10u /* ms */

/* The rope: 3.3 V, 10 kΩ, the ADC, the rope with 4.7 kΩ across its far end,
 * ground; the same as gateway/sensor's. Below 992 mV less than 50 kΩ leak beside
 * the end resistor; above 1,600 mV there are more than 9.4 kΩ, so it is cut. */
#define WET_BELOW_MV   992u
#define BREAK_ABOVE_MV 1600u

struct watched {
	const char *now, *last; /* states are compared by where they are */
	uint32_t since, said;
	bool told;
};

static struct {
	struct pn_node link;
	struct smp smp;
	struct watched rope, contact;
} self;

static const char wet[] = "wet", dry[] = "dry", broken[] = "cable_break";
static const char closed[] = "closed", open[] = "open";

/* steady reports whether a state that has held for long enough is news. */
static bool steady(struct watched *w, const char *state, uint32_t hold, uint32_t now)
{
	if (state != w->now) {
		w->now = state;
		w->since = now;
	}
	if (now - w->since < hold || (w->told && w->last == state && now - w->said < EVERY))
		return false;
	w->last = state;
	w->said = now;
	w->told = true;
	return true;
}

static void sense(uint32_t now)
{
	uint16_t mv = hal_adc_mv(0);
	const char *rope = mv < WET_BELOW_MV ? wet : mv > BREAK_ABOVE_MV ? broken : dry;
	const char *contact = hal_input(0) ? closed : open;

	if (steady(&self.rope, rope, 2 * POLL, now))
		pn_state(&self.link, "state", rope, now);
	if (steady(&self.contact, contact, DEBOUNCE, now))
		pn_truth(&self.link, "contact", contact == closed, now);
}

static void write_line(void *context, const uint8_t *p, size_t n)
{
	(void)context;
	hal_uart_write(p, n);
}

static bool set_output(void *context, uint8_t output, bool on)
{
	(void)context;
	return hal_output(output, on);
}

static void update_line(void *context, const uint8_t *p, size_t n)
{
	(void)context;
	smp_line(&self.smp, p, n);
}

void firmware_run(struct boot *boot)
{
	static char version[IMAGE_VERSION_TEXT];
	struct pn_port port;
	uint8_t in[64];
	size_t n, i;

	port.context = NULL;
	port.write = write_line;
	port.output = set_output;
	port.line = update_line;
	image_version(version, &boot->image); /* 0.0.0 where none is known */
	smp_init(&self.smp, boot);
	pn_init(&self.link, port, hal_node_id(), hal_boot_id(), version, hal_millis());
	for (;;) {
		uint32_t now = hal_millis();

		while ((n = hal_uart_read(in, sizeof in)) > 0)
			for (i = 0; i < n; i++)
				pn_receive(&self.link, in[i], now);
		sense(now);
		pn_tick(&self.link, now);
		if (self.smp.reset || (boot->trial && now > hal_trial_ms()))
			hal_reset(); /* a trial that nobody confirms goes back */
		hal_rest(POLL);
	}
}
