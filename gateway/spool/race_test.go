//go:build race

package spool_test

// raced: the race detector makes everything ten times slower.
const raced = true
