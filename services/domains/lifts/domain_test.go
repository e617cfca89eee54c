package lifts_test

import (
	"testing"

	"plantroom/services/domains/domaintest"
	"plantroom/services/domains/lifts"
)

func TestDomain(t *testing.T) { domaintest.Run(t, lifts.Domain()) }

func FuzzRestore(f *testing.F) { domaintest.FuzzRestore(f, lifts.Domain()) }
