# `make demo` starts a shop with two years of data; `make test` runs every check and test there is.
# On a machine with Rust, Node 20.19 or newer, npm, g++, make, perl and git, nothing else is needed first.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Outside the checkout, so that a second checkout or a fresh clone does not compile DuckDB again.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pulsepoint/target
# Put ccache before the compilers by PATH alone: setting CC or CXX would make cargo compile DuckDB again.
export PATH := /usr/lib/ccache:$(PATH)

BINARY := $(CURDIR)/dist/pulsepoint
# The design document's own stack, what the bench leaves for its next run, and its Python.
YARDSTICK ?= ../shared/yardstick
BENCH_DIR ?= $(CARGO_TARGET_DIR)/../bench
BENCH_PYTHON ?= $(CARGO_TARGET_DIR)/../bench-venv
WEB_SOURCES := $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null)

.PHONY: help demo test torture bench build release checks browser web tools

help:
	@echo "make demo      build all and start the demo (ARGS='--reset --stories' are handed on)"
	@echo "make test      every check and every test"
	@echo "make torture   200 rounds of kill -9 and 200 power cuts of each kind, with their figures (ROUNDS=20 for fewer)"
	@echo "make bench     measures beside the design document's own stack (needs the folder ../shared/yardstick)"
	@echo "make build     build; the last line is the path of the binary"
	@echo "make release   the small, stripped binary for packages; the last line is its path"

demo: build
	@exec $(BINARY) demo $(ARGS)

build: tools web
	@$(first_build)
	cargo build --locked
	@mkdir -p dist
	@install -m 755 $(CARGO_TARGET_DIR)/debug/pulsepoint $(BINARY)
	@echo $(BINARY)

release: tools web
	@echo "Compiles DuckDB once more, for this profile: about 25 minutes on 2 cores the first time."
	@packaging/build-release

# One profile and one set of features throughout, so that every step finds DuckDB already compiled.
test: tools
	@.ci/need-for-tests
	@$(MAKE) checks
	cargo test --locked
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
	@$(MAKE) browser
	@echo "everything passed"

checks: web
	cargo fmt --check
	cd web && npm run check
	@$(first_build)
	cargo clippy --locked --all-targets -- -D warnings

# The binary that cargo test built is the one that the browser meets.
browser: web
	@mkdir -p dist/tested
	@install -m 755 $(CARGO_TARGET_DIR)/debug/pulsepoint dist/tested/pulsepoint
	PULSEPOINT_BIN=$(CURDIR)/dist/tested/pulsepoint node tests/browser/run.mjs

# The fault tests with more rounds: kill -9 in writes, backups and restores, and the power taken from five works. The lines that
# count are printed at the end.
ROUNDS ?= 200
torture: tools web
	@$(first_build)
	@mkdir -p $(CARGO_TARGET_DIR)
	PULSEPOINT_KILL_ROUNDS=$(ROUNDS) PULSEPOINT_POWER_CUTS=$$(( 5 * $(ROUNDS) )) \
		cargo test --locked --test it -- --nocapture crash power_cuts disk_faults stores_torn clock_jumps \
		2>&1 | tee $(CARGO_TARGET_DIR)/torture.log
	@echo; grep -oE "(kill -9|power cuts) while in .*|skipped: .*" $(CARGO_TARGET_DIR)/torture.log | sort

# Takes about twenty minutes after the build, and a quiet machine.
bench: build
	@YARDSTICK=$(YARDSTICK) .ci/need-for-bench $(BENCH_PYTHON)
	cargo build --locked --example bench-load --example bench-mutation --example bench-attribution
	@mkdir -p $(BENCH_DIR)
	PULSEPOINT_BIN=$(BINARY) BENCH_LOAD=$(CARGO_TARGET_DIR)/debug/examples/bench-load \
		BENCH_MUTATION=$(CARGO_TARGET_DIR)/debug/examples/bench-mutation \
		BENCH_ATTRIBUTION=$(CARGO_TARGET_DIR)/debug/examples/bench-attribution \
		YARDSTICK=$(YARDSTICK) BENCH_DIR=$(BENCH_DIR) $(BENCH_PYTHON)/bin/python tests/bench/bench.py

tools:
	@.ci/need

web: web/dist/index.html

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build
	@touch $@

define first_build
if ! ls $(CARGO_TARGET_DIR)/debug/build/libduckdb-sys-*/out/*.a >/dev/null 2>&1; then \
	echo "The first build takes about 25 minutes on 2 cores: it compiles DuckDB's C++ from source. It does so once;" \
	"the result is kept in $(CARGO_TARGET_DIR) for every later build, test and checkout."; fi
endef
