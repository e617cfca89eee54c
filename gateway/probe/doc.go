// Package probe lists what sensors could be wired to on this machine and what
// answers there: GPIO chips and lines, I²C buses, 1-Wire thermometers, devices
// of the kernel's Industrial I/O, serial lines. It says what is missing, and
// writes the sections of the gateway's file for what it knows.
//
// It disturbs as little as it can. GPIO lines are asked about and never opened,
// so no level and no pull changes. Serial lines are never opened either: that
// alone moves their control lines, and restarts many a board. On an I²C bus it
// reads one byte of each address from 0x08 to 0x77 and writes none: a chip then
// gives the register that was chosen last. That is what i2cdetect -r does; the
// other way, an empty write, can damage an EEPROM (an AT24RF08 takes it for the
// begin of a write). Nothing is sent
//
//   - to an address that a driver of the kernel has (i2cdetect prints UU),
//   - to 0x69, where some clock generators that can only be written hang the bus
//     when they are read (i2cdetect's manual, second hand),
//   - on buses of displays and mainboards, by their names.
//
// A thermometer is asked for its temperature through the kernel, and a load
// cell for its counts, as the gateway does.
//
// It deliberately does not tell chips apart that share an address: for that one
// has to write. A chip whose register is cleared when it is read loses that. A bus that hangs costs a time limit, and is named.
package probe
