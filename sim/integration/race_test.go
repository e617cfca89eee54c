//go:build race

package integration

// raced says that the tests run with the race detector; the programs then do,
// too.
const raced = true
