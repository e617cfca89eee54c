# Plantroom. The two commands are `make demo` and `make test`.

GO       ?= go
ARGS     ?=
TOOLS    := $(CURDIR)/.tools/bin
INFLUXD  := $(TOOLS)/influxd
LINT     := $(TOOLS)/staticcheck
PROGRAMS := ./services/cmd/plantroom ./gateway/cmd/plantroom-gateway ./gateway/cmd/plantroom-codec ./gateway/cmd/plantroom-node ./sim/cmd/plantroom-sim
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
FUZZTIME ?= 60s
UNITS    := $(GO) list ./... | grep -v '^plantroom/sim/integration'

# What the tests look for, and what they may not do without.
export PLANTROOM_INFLUXD := $(INFLUXD)

.PHONY: help build demo test quick lint unit scenarios integration bench fuzz clean

help:
	@echo "make demo         watch a whole estate on this machine; ARGS=\"--headless --for 90s\" ends by itself"
	@echo "make test         everything: lint, unit tests with the race detector, scenarios, integration"
	@echo "make quick        the unit tests, without the race detector; what lacks a real part is skipped"
	@echo "make scenarios    the scenarios alone, with their outcome as a table"
	@echo "make bench        the figures, as a table"
	@echo "make fuzz         every fuzz target for FUZZTIME (60s)"
	@echo "make build        the programs, into bin/"

build:
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/ $(PROGRAMS)

$(INFLUXD):
	@echo "building influxd 1.8.3 (a minute, once)"
	GOBIN=$(TOOLS) $(GO) install github.com/influxdata/influxdb/cmd/influxd@v1.8.3

$(LINT):
	@echo "building staticcheck (once)"
	GOBIN=$(TOOLS) $(GO) install honnef.co/go/tools/cmd/staticcheck@v0.8.2

demo: build $(INFLUXD)
	bin/plantroom-sim demo --influxd $(INFLUXD) $(ARGS)

test: export PLANTROOM_REQUIRE := 1
test:
	@scripts/test-parts
	$(MAKE) $(INFLUXD) $(LINT)
	$(MAKE) lint unit scenarios integration

lint: $(LINT)
	@echo "== lint"
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not gofmt-clean:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(LINT) ./...

# The race detector makes the large packages slow; -p 2 keeps two cores busy
# without starving the tests that wait on real parts.
unit: $(INFLUXD)
	@echo "== unit tests, with the race detector"
	$(GO) test -race -p 2 -timeout 20m $$($(UNITS))

quick:
	$(GO) test -short $$($(UNITS))

scenarios: build
	@echo "== scenarios"
	bin/plantroom-sim run --quiet sim/scenarios/*.yaml

integration: build $(INFLUXD)
	@echo "== integration: real mosquitto, real influxd, kill -9"
	$(GO) test -count=1 -timeout 20m ./sim/integration/...
	@echo "== the demonstration, for 45 seconds"
	bin/plantroom-sim demo --headless --for 45s --influxd $(INFLUXD) --dir .demo-check

bench: build $(INFLUXD)
	$(GO) run ./sim/cmd/plantroom-bench $(ARGS)

fuzz:
	@scripts/fuzz-all $(FUZZTIME)

clean:
	rm -rf bin .demo .demo-check
