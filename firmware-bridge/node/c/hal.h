/* All that the reference firmware wants of the hardware. To port it, write these
 * functions for the board and leave the rest alone; host/hal_host.c is them for
 * a process on Linux. None may wait longer than is said. */
#ifndef HAL_H
#define HAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who and when. */
uint16_t hal_node_id(void);  /* 1 to 65535, its own on its line: a DIP switch, a fuse */
uint32_t hal_boot_id(void);  /* another number after each start: random, or a count in flash */
uint32_t hal_millis(void);   /* since the start; wraps */
void hal_rest(uint32_t ms);  /* sleep for at most so long, and less when the UART has something */
void hal_reset(void);        /* does not come back */

/* The line: 8N1. */
size_t hal_uart_read(uint8_t *p, size_t max);        /* what has come since; 0: nothing */
void hal_uart_write(const uint8_t *p, size_t n);     /* returns when it is on the line or in a buffer */

/* Inputs and outputs. */
uint16_t hal_adc_mv(uint8_t channel);
bool hal_input(uint8_t pin);                         /* true: closed */
bool hal_output(uint8_t output, bool on);            /* false: there is no such output */

/* Flash: two slots of the same size for firmware, and two pages for the boot
 * record. Erased bytes are 0xff. A write begins at a multiple of 8, has a
 * multiple of 8 bytes, and goes to where nothing has been written since the
 * last erase. False: it failed. */
enum hal_area { HAL_SLOT_A = 0, HAL_SLOT_B = 1, HAL_RECORD_A = 2, HAL_RECORD_B = 3 };
uint32_t hal_slot_size(void);
bool hal_flash_read(enum hal_area area, uint32_t at, uint8_t *p, size_t n);
bool hal_flash_write(enum hal_area area, uint32_t at, const uint8_t *p, size_t n);
bool hal_flash_erase(enum hal_area area);            /* all of it */

/* Updates. */
const uint8_t *hal_update_key(void);                 /* Ed25519, 32 bytes: who may sign firmware; NULL: nobody */
uint32_t hal_trial_ms(void);                         /* how long new firmware may run unconfirmed; 300,000 is fine */

#endif
