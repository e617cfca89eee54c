package bays_test

import (
	"testing"

	"plantroom/services/domains/bays"
	"plantroom/services/domains/domaintest"
)

func TestDomain(t *testing.T) { domaintest.Run(t, bays.Domain()) }

func FuzzRestore(f *testing.F) { domaintest.FuzzRestore(f, bays.Domain()) }
