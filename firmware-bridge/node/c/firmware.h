/* The reference firmware: a leak rope and a dry contact. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

/* firmware_run runs the node and does not come back. version is what runs, as
 * in "1.4.0". main, or the board's start-up, calls it. */
void firmware_run(const char *version);

#endif
