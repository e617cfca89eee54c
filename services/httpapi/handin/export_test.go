package handin

// Coming is how many forms are being taken in.
func (t *Taker) Coming() int { return len(t.slots) }
