package binding

// match reports whether s fits a pattern in which * stands for any run of
// bytes, also an empty one, and ? for any one byte. It runs in
// O(len(pattern)·len(s)) and does not allocate.
func match(pattern, s string) bool {
	p, i := 0, 0
	star, back := -1, 0 // the last * seen, and where its run ends
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, back = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			back++
			p, i = star+1, back
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// Match reports whether a glob fits s: * is any run of characters, ? any one.
func Match(pattern, s string) bool { return match(pattern, s) }
