package config

import (
	"fmt"
	"maps"
	"slices"

	"plantroom"
	"plantroom/firmware-bridge/codec"
)

// codecs reads the codecs of a source, and has them compiled. It runs nothing of them.
func (k *checker) codecs(path string, s *Source, welcome bool) {
	for _, key := range slices.Sorted(maps.Keys(s.Codecs)) {
		at := path + "/" + key
		if !welcome {
			k.fault(at, s.Family+" has no use for codecs", "remove codecs: this family needs none")
			continue
		}
		if model, ok := s.Models[key]; ok {
			k.fault(at, fmt.Sprintf("%q has the native decoder %s, too", key, model), "keep one of the two")
		}
		c := s.Codecs[key]
		if err := c.Map.Check(); err != nil {
			k.fault(at+"/map", err.Error(), "correct that signal of the map")
		}
		source, err := k.read(c.File, codec.MaxFile)
		if err != nil {
			k.fault(at+"/file", err.Error(), "name a JavaScript file beside this one")
			continue
		}
		if c.Program, err = codec.Read(c.File, source); err == nil {
			err = k.syntax(at, c.Program)
		}
		if err != nil {
			k.fault(at+"/file", err.Error(), "correct it, or take the maker's newest; plantroom-gateway codec test tries it")
			continue
		}
		c.Sum = c.Program.Sum
	}
}

// syntax compiles a codec. Where there is nothing to do that with, it is said
// once, of the first one.
func (k *checker) syntax(at string, p *codec.Program) error {
	if k.compile == nil {
		return nil
	}
	err := k.compile(p)
	if plantroom.CodeOf(err) == plantroom.CodeUnavailable {
		k.broken(at+"/file", err)
		k.compile = nil
		return nil
	}
	return err
}
