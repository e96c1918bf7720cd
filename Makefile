# One entry for everything; the work is in the scripts. `make` alone prints the list.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help run test test-interception test-cluster smoke publish bench bench-compare micro load soak stress acceptance check-runtime format deps deps-bench clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-18s %s\n", $$1, $$2 }'

run: deps ## Installs what is missing, publishes the native binary, runs `sidecar-proxy demo`
	@tests/aot/publish.sh
	@artifacts/bin/sidecar-proxy demo

test: ## Builds, publishes without warnings, runs every test, the native binaries' included
	@$(MAKE) deps WHAT=test
	@tests/run.sh

test-interception: ## The interception in network namespaces (root), with what `make test` leaves out
	@$(MAKE) deps WHAT=test
	@tests/netns/run.sh

test-cluster: ## The charts on a real one-node Kubernetes (root), each promise as it is seen; the first run builds it
	@$(MAKE) deps WHAT=cluster
	@tests/cluster/run.sh

smoke: deps ## The native binary end to end in under a minute
	@tests/smoke.sh

publish: deps ## Leaves the stripped native binaries in artifacts/bin, their symbols in artifacts/symbols
	@tests/aot/publish.sh

bench: deps-bench ## Measures the numbers of the README; writes loadtests/results
	@loadtests/measure.sh

bench-compare: deps-bench ## BASE=loadtests/results/….md: measures, and fails when something has become worse
	@loadtests/compare.sh "$(BASE)" "$(NEW)"

micro: ## The parts of a request alone (BenchmarkDotNet): fails when a stated limit is missed
	@loadtests/micro.sh

load: deps-bench ## SCENARIO=…: one suite of loadtests/scenarios with its peers; alone it prints the list
	@loadtests/scenario.sh "$(SCENARIO)"

soak: deps-bench ## MINUTES=60: a steady rate for so long; no failure, and no growth of memory after a sixth of it
	@loadtests/scenario.sh soak minutes=$(or $(MINUTES),60)

stress: deps-bench ## ROWS="requests=…": loss, duplicates, reload, restart on the published binary (root); fails when one is not met
	@loadtests/stress.sh "$(ROWS)"

acceptance: deps-bench ## 100 000 requests through nginx, then the breaker's whole life
	@loadtests/acceptance.sh

check-runtime: ## Is a newer runtime patch to be had than the pinned one?
	@tests/aot/check-runtime.sh

format: ## Puts white space in order
	@dotnet format whitespace Sidecar.sln --no-restore

deps: ## Installs what building and testing need (root on Debian/Ubuntu), else says what to type
	@tests/deps.sh $(or $(WHAT),build)

deps-bench: ## The same, with the peers and tools of loadtests/
	@tests/deps.sh bench

clean: ## Removes everything that was built
	@rm -rf artifacts
