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
WEB_SOURCES := $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print 2>/dev/null)

.PHONY: help demo test build release checks web tools

help:
	@echo "make demo      build all and start the demo (ARGS='--reset --stories' are handed on)"
	@echo "make test      every check and every test"
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
	@$(MAKE) build
	cargo test --locked
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
	cd web && PULSEPOINT_BIN=$(BINARY) npm run test:browser
	@echo "everything passed"

checks: web
	cargo fmt --check
	cd web && npm run check
	@$(first_build)
	cargo clippy --locked --all-targets -- -D warnings

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
