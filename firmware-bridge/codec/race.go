//go:build race

package codec

// slow is how much longer a codec may take under the race detector, which
// slows the engine, being Go, as much as everything else.
const slow = 10
