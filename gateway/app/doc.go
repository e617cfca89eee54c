// Package app wires a gateway together from its file: spool, uplink, sources,
// sensors and the health page, with one clean-up list for all of them, and
// exchanges parts while it runs when the file has changed.
//
// It deliberately holds no logic of its own about readings, and it reads no
// flags, files or signals: cmd/plantroom-gateway does.
package app
