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

#endif
