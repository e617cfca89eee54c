package waste_test

import (
	"testing"

	"plantroom/services/domains/domaintest"
	"plantroom/services/domains/waste"
)

func TestDomain(t *testing.T) { domaintest.Run(t, waste.Domain()) }

func FuzzRestore(f *testing.F) { domaintest.FuzzRestore(f, waste.Domain()) }
