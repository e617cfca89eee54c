package plantroom

// Forgetter is a Decoder that remembers messages in order to tell a repeated
// one, and gives nothing for it.
//
// That memory must not outlive the readings: a message whose readings could
// not be stored comes again, and has to give them again. So the listener calls
// Forget when messages that were decoded may not have become durable. At worst
// a repeated one then counts twice.
type Forgetter interface {
	Decoder
	// Forget forgets every message decoded so far.
	Forget()
}
