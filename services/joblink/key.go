package joblink

import "plantroom/internal/keyfile"

// LoadOrCreateKey reads the signing key at path, or makes one there, readable
// by its owner only. It refuses a key that others may read: whoever reads it
// can accept and close work orders in any contractor's name.
//
// Of two processes that create the key at once, both end up with the same one.
// Replacing the file voids every link that is out.
func LoadOrCreateKey(path string) (*Key, error) {
	k, err := keyfile.Ensure(path, keyfile.Words{Name: "job link key", Lost: "voids the links that are out"})
	if err != nil {
		return nil, err
	}
	return &Key{private: k}, nil
}
