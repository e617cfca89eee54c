/* The reference firmware: a leak rope and a dry contact. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include "boot.h"

/* firmware_run runs the node and does not come back. boot is what boot_choose
 * chose, and has to stay where it is. */
void firmware_run(struct boot *boot);

#endif
