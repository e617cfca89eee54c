// Package gpioline is the part of Linux' GPIO character device that periph
// leaves out: edges with the time at which the kernel saw them and their
// number, and who uses a line.
//
// periph's gpioioctl reads an event and says only that there was one; its
// buffer is the kernel's least, 16 events, and what does not fit is dropped
// without a word. That is enough for a contact, which is looked at again. A
// counter has to know how long each level was, whatever the process was doing
// meanwhile, and whether something is missing. So here a line asks for a buffer
// of 1,024 events, each event has the kernel's monotonic time, and a hole in
// the numbers says how many were dropped.
//
// The structures are those of linux/gpio.h, version 2 of its interface (Linux
// 5.10). What the kernel does with them was read in drivers/gpio/gpiolib-cdev.c:
// it numbers an edge before it looks whether there is room (edge_irq_thread,
// linereq_put_event), and drops the oldest.
//
// It deliberately does not set outputs, watch several lines at once, or use
// the kernel's debounce, whose events carry the time at which the level was
// found steady instead of that of the edge.
package gpioline
