# Two commands suffice: `make run` and `make test`. README.md says more.

SWIFT ?= swift
RELEASE = -c release
BINARY = .build/release/millrace
# What `millrace --version` says; a build without make says `unknown` (from a tarball of `git archive`: its commit).
MILLRACE_COMMIT := $(shell scripts/commit.sh)
ifneq ($(MILLRACE_COMMIT),)
export MILLRACE_COMMIT
endif
# Where `make run` keeps its journals and keys, and what it listens on.
DATA ?= data/demo
PORT ?= 8443
ADMIN_PORT ?= 9464
PSP_PORT ?= 9090
# More arguments for `millrace demo`, as in: make run DEMO='--profile realistic'
DEMO ?=
# For `make fuzz`: how long each target runs.
SECONDS_EACH ?= 60
# For `make mutants`: arguments of scripts/mutants.py, as in MUTANTS='--only Journal'.
MUTANTS ?=
# For `make load`.
SCENARIO ?= steady
LOAD ?=

.PHONY: run test check bench fuzz mutants load build dist format clean help

help:
	@echo 'make run    set up, build, and run gateway and simulator; prints a curl line'
	@echo 'make test   set up, and run every test'
	@echo 'make check  format lint, house rules and unit tests only, in a debug build'
	@echo 'make bench  the baselines and the gateway under the same load; memory; the journal'
	@echo 'make dist   dist/millrace without symbols, and the symbols in dist/millrace.debug'
	@echo 'make fuzz   every fuzz target for $(SECONDS_EACH) s'
	@echo 'make mutants  plants the bugs of Tests/Mutants one by one; hours (MUTANTS=$(MUTANTS))'
	@echo 'make load   a demo of its own under load, audited (SCENARIO=$(SCENARIO))'
	@echo 'make clean  remove build output and test environments, not data'

build:
	@scripts/setup.sh run
	@$(SWIFT) build $(RELEASE) --product millrace

dist: build
	@scripts/dist.sh $(BINARY) dist

run: build
	@$(BINARY) --version
	@$(BINARY) certs --out certs
	@exec $(BINARY) demo --data $(DATA) --certs certs --port $(PORT) --admin-port $(ADMIN_PORT) --psp-port $(PSP_PORT) $(DEMO)

test:
	@scripts/test.sh all

check:
	@scripts/test.sh check

bench: build
	@scripts/setup.sh test
	@Benchmarks/run.sh $(BINARY)
	@Benchmarks/memory.sh $(BINARY)
	@Benchmarks/journal.sh

fuzz:
	@exec scripts/fuzz.sh $(SECONDS_EACH)

mutants:
	@scripts/setup.sh check
	@exec python3 scripts/mutants.py $(MUTANTS)

load: build
	@exec scripts/load.sh $(BINARY) $(SCENARIO) $(LOAD)

format:
	@$(SWIFT) format -i -r --configuration .swift-format Package.swift Sources Tests Fuzz Benchmarks/journal loadtest/Sources

clean:
	@rm -rf .build .build-fuzz .build-mutants Benchmarks/.build .venv dist
