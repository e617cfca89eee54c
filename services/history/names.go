package history

// names gives ids small numbers, in the order in which they come; "" is 0.
type names[T ~string] struct {
	list  []T
	index map[T]uint32
}

func newNames[T ~string]() names[T] {
	return names[T]{list: []T{""}, index: map[T]uint32{"": 0}}
}

// number returns the number of an id, a new one where it has none.
func (n *names[T]) number(id T) uint32 {
	k, ok := n.index[id]
	if !ok {
		k = uint32(len(n.list))
		n.list = append(n.list, id)
		n.index[id] = k
	}
	return k
}

// knows reports whether an id has come.
func (n *names[T]) knows(id T) bool {
	_, ok := n.index[id]
	return ok
}

// pick returns which numbers some ids have; nil where there are no ids: all.
func (n *names[T]) pick(ids []T) []bool {
	if len(ids) == 0 {
		return nil
	}
	out := make([]bool, len(n.list))
	for _, id := range ids {
		if k, ok := n.index[id]; ok {
			out[k] = true
		}
	}
	return out
}

// picks reports whether a number is among those that pick has returned.
func picks(set []bool, k uint32) bool { return set == nil || set[k] }
