/* The hardware of a node as a process on Linux, for tests. Its UART is standard
 * input and output, or a terminal that is named. What its inputs see is told on
 * descriptor 3, a line each: "adc 0 1055", "input 0 1"; what it does is said on
 * standard error: "boot ...", "output 2 on". */
#define _POSIX_C_SOURCE 200809L
#include "../firmware.h"
#include "../hal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL = 3, ADCS = 4, INPUTS = 8, OUTPUTS = 4 };

static char **arguments;
static int in = STDIN_FILENO, out = STDOUT_FILENO;
static unsigned long id = 1;
static uint16_t adc[ADCS] = {1055};
static bool input[INPUTS];
static struct timespec began;

static void fail(const char *what)
{
	fprintf(stderr, "node: %s: %s\n", what, strerror(errno));
	exit(1);
}

uint16_t hal_node_id(void) { return (uint16_t)id; }

uint32_t hal_boot_id(void)
{
	uint32_t v;
	int f = open("/dev/urandom", O_RDONLY);

	if (f < 0 || read(f, &v, sizeof v) != (ssize_t)sizeof v)
		fail("/dev/urandom");
	close(f);
	return v;
}

uint32_t hal_millis(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000);
}

/* control takes what is told of the inputs. */
static void control(void)
{
	static char line[64];
	static size_t n;
	char c;
	unsigned at, value;

	while (read(CONTROL, &c, 1) == 1) {
		if (c != '\n') {
			if (n + 1 < sizeof line)
				line[n++] = c;
			continue;
		}
		line[n] = 0;
		n = 0;
		if (sscanf(line, "adc %u %u", &at, &value) == 2 && at < ADCS)
			adc[at] = (uint16_t)value;
		else if (sscanf(line, "input %u %u", &at, &value) == 2 && at < INPUTS)
			input[at] = value != 0;
	}
}

void hal_rest(uint32_t ms)
{
	struct pollfd p = {0, POLLIN, 0};

	p.fd = in;
	poll(&p, 1, (int)ms);
	if ((p.revents & POLLHUP) != 0 && (p.revents & POLLIN) == 0)
		exit(0); /* whoever held the other end has gone */
	control();
}

void hal_reset(void)
{
	execv("/proc/self/exe", arguments);
	fail("reset");
}

size_t hal_uart_read(uint8_t *p, size_t max)
{
	struct pollfd f = {0, POLLIN, 0};
	ssize_t n;

	f.fd = in;
	if (poll(&f, 1, 0) != 1 || (f.revents & POLLIN) == 0)
		return 0;
	n = read(in, p, max);
	if (n == 0)
		exit(0);
	return n < 0 ? 0 : (size_t)n;
}

void hal_uart_write(const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(out, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return; /* nobody listens: the line loses it */
		p += done;
		n -= (size_t)done;
	}
}

uint16_t hal_adc_mv(uint8_t channel) { return channel < ADCS ? adc[channel] : 0; }
bool hal_input(uint8_t pin) { return pin < INPUTS && input[pin]; }

bool hal_output(uint8_t output, bool on)
{
	if (output >= OUTPUTS)
		return false;
	fprintf(stderr, "output %u %s\n", output, on ? "on" : "off");
	return true;
}

/* The flash is a file: slot, slot, record, record. A write clears bits, as NOR
 * flash does, and to clear what was not erased is an error. */
enum { SLOT = 64 * 1024, PAGE = 4096 };

static const uint32_t base[] = {0, SLOT, 2 * SLOT, 2 * SLOT + PAGE, 2 * SLOT + 2 * PAGE};
static int flash = -1;
static uint8_t key[32];
static bool keyed;
static uint32_t trial = 300000;

uint32_t hal_slot_size(void) { return SLOT; }
uint32_t hal_trial_ms(void) { return trial; }
const uint8_t *hal_update_key(void) { return keyed ? key : NULL; }

static bool within(enum hal_area area, uint32_t at, size_t n)
{
	return flash >= 0 && at <= base[area + 1] - base[area] && n <= base[area + 1] - base[area] - at;
}

bool hal_flash_read(enum hal_area area, uint32_t at, uint8_t *p, size_t n)
{
	return within(area, at, n) && pread(flash, p, n, base[area] + at) == (ssize_t)n;
}

bool hal_flash_write(enum hal_area area, uint32_t at, const uint8_t *p, size_t n)
{
	uint8_t was[8];
	size_t i, j;

	if (!within(area, at, n) || at % 8 != 0 || n % 8 != 0)
		return false;
	for (i = 0; i < n; i += 8) {
		if (!hal_flash_read(area, at + (uint32_t)i, was, 8))
			return false;
		for (j = 0; j < 8; j++)
			if (was[j] != 0xff)
				return false;
	}
	return pwrite(flash, p, n, base[area] + at) == (ssize_t)n;
}

bool hal_flash_erase(enum hal_area area)
{
	uint8_t blank[PAGE];
	uint32_t at;

	memset(blank, 0xff, sizeof blank);
	for (at = base[area]; at < base[area + 1]; at += PAGE)
		if (flash < 0 || pwrite(flash, blank, PAGE, at) != PAGE)
			return false;
	return true;
}

static void open_flash(const char *path)
{
	enum hal_area area;

	flash = open(path, O_RDWR | O_CREAT, 0600);
	if (flash < 0)
		fail(path);
	if (lseek(flash, 0, SEEK_END) == 0)
		for (area = HAL_SLOT_A; area <= HAL_RECORD_B; area++)
			hal_flash_erase(area);
}

static void read_key(const char *hex)
{
	unsigned i, v;

	keyed = strlen(hex) == 64;
	for (i = 0; i < 32 && keyed; i++) {
		keyed = sscanf(hex + 2 * i, "%2x", &v) == 1;
		key[i] = (uint8_t)v;
	}
}

int main(int argc, char **argv)
{
	static struct boot boot;
	char version[IMAGE_VERSION_TEXT];
	int i;

	arguments = argv;
	for (i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--id") == 0)
			id = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--uart") == 0)
			in = out = open(argv[i + 1], O_RDWR | O_NOCTTY);
		else if (strcmp(argv[i], "--flash") == 0)
			open_flash(argv[i + 1]);
		else if (strcmp(argv[i], "--key") == 0)
			read_key(argv[i + 1]);
		else if (strcmp(argv[i], "--trial-ms") == 0)
			trial = (uint32_t)strtoul(argv[i + 1], NULL, 10);
		else
			i = argc; /* usage */
	}
	if (i != argc || id < 1 || id > 65535 || in < 0) {
		fprintf(stderr, "usage: node-host [--id 7] [--uart /dev/pts/3] [--flash FILE] [--key HEX] [--trial-ms 300000]\n");
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &began);
	fcntl(CONTROL, F_SETFL, O_NONBLOCK);
	boot_choose(&boot); /* what a boot loader does */
	image_version(version, &boot.image);
	fprintf(stderr, "boot %s%s\n", version, boot.trial ? " on trial" : "");
	firmware_run(&boot);
}
