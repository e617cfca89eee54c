package leaks_test

import (
	"testing"

	"plantroom/services/domains/domaintest"
	"plantroom/services/domains/leaks"
)

func TestDomain(t *testing.T) { domaintest.Run(t, leaks.Domain()) }

func FuzzRestore(f *testing.F) { domaintest.FuzzRestore(f, leaks.Domain()) }
