//go:build race

package scenario_test

// raced: the race detector makes a play some ten times slower.
const raced = true
