# Plantroom. The two commands are `make demo` and `make test`.

GO       ?= go
ARGS     ?=
TOOLS    := $(CURDIR)/.tools/bin
INFLUXD  := $(TOOLS)/influxd
LINT     := $(TOOLS)/staticcheck
NFPM     := $(TOOLS)/nfpm
CYCLONEDX := $(TOOLS)/cyclonedx-gomod
PROGRAMS := ./services/cmd/plantroom ./gateway/cmd/plantroom-gateway ./gateway/cmd/plantroom-codec ./gateway/cmd/plantroom-node ./sim/cmd/plantroom-sim
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
FUZZTIME ?= 60s
UNITS    := $(GO) list ./... | grep -v '^plantroom/sim/integration'

# What the tests look for, and what they may not do without.
export PLANTROOM_INFLUXD := $(INFLUXD)
export PLANTROOM_NFPM := $(NFPM)

.PHONY: help build boards demo test quick lint unit scenarios integration bench fuzz promises release release-check plugin plugin-test clean

help:
	@echo "make demo         watch a whole estate on this machine; ARGS=\"--headless --for 90s\" ends by itself"
	@echo "make test         everything: lint, unit tests with the race detector, scenarios, integration"
	@echo "make quick        the unit tests, without the race detector; what lacks a real part is skipped"
	@echo "make scenarios    the scenarios alone, with their outcome as a table"
	@echo "make bench        the figures, as a table"
	@echo "make promises     each promise at its full size; some hours"
	@echo "make fuzz         every fuzz target for FUZZTIME (60s)"
	@echo "make build        the programs, into bin/"
	@echo "make boards       Grafana's boards, into dashboards; ARGS=\"--address https://plantroom.example.org\" has their links lead there"
	@echo "make plugin       the Grafana plugin's programs, beside its front end where that is built, into dashboards/datasource/dist"
	@echo "make plugin-test  vet, staticcheck and the tests of the plugin's backend, a module of its own"
	@echo "make release      static programs, Debian packages, archives and their sums, into dist/; ARGS=\"arm64\" makes one architecture"
	@echo "make release-check   runs the foreign ones of dist/ for some seconds under qemu-user-static"
	@echo "make board-pictures   pictures of the boards and of the plugin's editors, drawn by a test program, into docs/pictures/boards and the plugin"
	@echo "make plugin-front   checks and builds the front end of the Grafana plugin; it needs Node 20"

build:
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/ $(PROGRAMS)

$(INFLUXD):
	@echo "building influxd 1.8.3 (a minute, once)"
	GOBIN=$(TOOLS) $(GO) install github.com/influxdata/influxdb/cmd/influxd@v1.8.3

$(LINT):
	@echo "building staticcheck (once)"
	GOBIN=$(TOOLS) $(GO) install honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Later versions than 2.45.0 need modules that the module proxy refused.
$(NFPM):
	@echo "building nfpm (once)"
	GOBIN=$(TOOLS) $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0

$(CYCLONEDX):
	@echo "building cyclonedx-gomod (once)"
	GOBIN=$(TOOLS) $(GO) install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

release: $(NFPM) $(CYCLONEDX)
	@GO="$(GO)" NFPM="$(NFPM)" CYCLONEDX="$(CYCLONEDX)" scripts/release dist $(ARGS)

release-check:
	@scripts/release-check dist

boards:
	$(GO) run ./dashboards/cmd/plantroom-boards $(ARGS) dashboards

demo: build $(INFLUXD)
	bin/plantroom-sim demo --influxd $(INFLUXD) $(ARGS)

test: export PLANTROOM_REQUIRE := 1
test:
	@scripts/test-parts
	$(MAKE) $(INFLUXD) $(LINT) $(NFPM)
	$(MAKE) lint unit plugin-test plugin-front scenarios integration

lint: $(LINT)
	@echo "== lint"
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not gofmt-clean:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(LINT) ./...

# The race detector makes the large packages slow; -p 2 keeps two cores busy
# without starving the tests that wait on real parts.
unit: $(INFLUXD) $(NFPM)
	@echo "== unit tests, with the race detector"
	$(GO) test -race -p 2 -timeout 20m $$($(UNITS))

# Grafana's SDK is a module's own affair: nothing else here sees it.
PLUGIN := dashboards/datasource
plugin:
	@GO="$(GO)" scripts/plugin

plugin-test: $(LINT)
	@echo "== the Grafana plugin's backend"
	cd $(PLUGIN) && $(GO) mod tidy -diff && $(GO) vet ./... && $(LINT) ./...
	cd $(PLUGIN) && $(GO) test -race -timeout 20m ./...

quick:
	$(GO) test -short $$($(UNITS))

scenarios: build
	@echo "== scenarios"
	bin/plantroom-sim run --quiet sim/scenarios/*.yaml
	@echo "== worlds in which everything goes wrong"
	$(GO) test -count=1 ./sim/world -run Worlds

integration: build $(INFLUXD)
	@echo "== integration: real mosquitto, real influxd, kill -9"
	$(GO) test -count=1 -timeout 20m ./sim/integration/...
	@echo "== the demonstration, for 45 seconds"
	bin/plantroom-sim demo --headless --for 45s --influxd $(INFLUXD) --dir .demo-check

bench: build $(INFLUXD)
	$(GO) run ./sim/cmd/plantroom-bench $(ARGS)

# Each promise of docs/promises.md at the size that is stated there.
promises: export PLANTROOM_FULL := 1
promises:
	$(GO) test -count=1 -timeout 1h -v -run 'PowerCutTorture|KilledProcess|CrashAfterEveryOperation|EveryByte' ./gateway/spool
	$(GO) test -count=1 -timeout 1h -run 'TestWorld$$|TestAReplayChangesNothing' ./services/ingest
	$(GO) test -count=1 -timeout 1h -run 'EveryMinuteOfEveryZone' ./services/sla
	$(GO) test -count=1 -timeout 3h -run 'Worlds' ./sim/world

# What a browser draws of every board, from a Plantroom with a past.
.PHONY: board-pictures
board-pictures: $(INFLUXD)
	@PLUGIN_FRONT_STEPS="install build" scripts/plugin-front
	PLANTROOM_REQUIRE=1 PLANTROOM_PICTURES=$(CURDIR) $(GO) test -count=1 -v -run 'TestAPlantroomThatWasGivenAPast/a_browser' ./sim/integration

.PHONY: plugin-front
plugin-front:
	@echo "== the Grafana plugin's front end"
	@scripts/plugin-front

fuzz:
	@scripts/fuzz-all $(FUZZTIME)
	cd $(PLUGIN) && ../../scripts/fuzz-all $(FUZZTIME)

clean:
	rm -rf bin dist .demo .demo-check
