# From a clone to a demo or a tested change with Linux, Python 3.11+, git and make: nothing else, and no root.
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := .venv/.packages
TOOLCHAIN := .venv/.toolchain
RIVER := build/peers/river/.installed
OIP := build/peers/oip/.installed
SERVERS := $(foreach name,mlserver kserve mlflow,build/peers/$(name)/.installed)
EPISODES ?= 300
ROUNDS ?= 5
SECONDS ?= 60
PYTEST := $(BIN)/pytest
CONFORMANCE := -m pytest -c tests/conformance/pytest.ini --rootdir tests/conformance --confcutdir tests/conformance

# MLflow starts three times faster from byte code.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-conformance test-scenarios lint types layers unit integration bench-decisions bench-serve bench-rollout bench-git fuzz chart toolchain clean

help: ## List the targets
	@echo "From a clone to a demo or a tested change. The first run builds .venv and the lab's programs (about 15 minutes, 8 GB)."
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(TOOLCHAIN) ## Run a whole plant on this machine: train, serve, break, roll back, commit (REPORT=FILE.json keeps its report)
	@$(BIN)/andon demo $(if $(REPORT),--report $(REPORT))

test: lint types layers $(TOOLCHAIN) $(OIP) ## All checks, and the demo's first three acts; what CI runs
	$(call headline,tests: unit + integration + demo)
	@$(PYTEST) -m "not scenario"
	$(call headline,conformance: tritonclient)
	@build/peers/oip/bin/python $(CONFORMANCE) $(wildcard tests/conformance/test_triton_*.py)

# tritonclient installs in seconds and runs in make test; kserve brings 450 MB for the same protocol, and runs only here.
test-conformance: $(PACKAGES) $(OIP) build/peers/oip-kserve/.installed ## The clients that others wrote, each in an environment of its own
	@build/peers/oip/bin/python $(CONFORMANCE) $(wildcard tests/conformance/test_triton_*.py)
	@build/peers/oip-kserve/bin/python $(CONFORMANCE) tests/conformance/test_kserve.py

test-scenarios: $(TOOLCHAIN) ## The long runs: all eight acts of the demo and every scenario
	$(call headline,scenarios)
	@$(PYTEST) -m scenario

lint: $(PACKAGES) ## Style and format of the code
	$(call headline,lint: ruff check)
	@$(BIN)/ruff check
	$(call headline,format: ruff format --check)
	@$(BIN)/ruff format --check

types: $(PACKAGES) ## Types, strictly
	$(call headline,types: mypy)
	@$(BIN)/mypy

layers: $(PACKAGES) ## Imports go one way
	$(call headline,layers: import-linter)
	@$(BIN)/lint-imports

unit: $(PACKAGES) ## Tests that need no other process
	@$(PYTEST) tests/unit

integration: $(TOOLCHAIN) ## Tests against the real API server, Prometheus, MLflow, git
	@$(PYTEST) -m "not scenario" tests/integration

bench-decisions: $(PACKAGES) $(RIVER) ## Data, model or plant? Scored on seeded episodes (EPISODES=300 a class: hours; stopped, it goes on)
	$(call headline,bench: decisions)
	@$(BIN)/python -m tests.bench.decisions --episodes $(EPISODES) --power $$(($(EPISODES) / 5)) --year --river

bench-rollout: $(TOOLCHAIN) ## How soon a bad version is taken back, and what an ill Prometheus does, beside Flagger (25 minutes)
	$(call headline,bench: rollout)
	@$(BIN)/python -m tests.bench.rollout

bench-serve: $(PACKAGES) $(SERVERS) ## How fast, small and steady andon serve is, beside MLServer, KServe, MLflow and bare ONNX Runtime (12 minutes; 20 the first time)
	$(call headline,bench: serve)
	@$(BIN)/python -m tests.bench.serve --rounds $(ROUNDS)

fuzz: build/peers/atheris/.installed ## Look for a YAML file that `andon edit` spoils (SECONDS=60); a find is left in build/fuzz
	$(call headline,fuzz: edit)
	@mkdir -p build/fuzz/seen
	@PYTHONPATH=operator:tests build/peers/atheris/bin/python tests/fuzz -max_total_time=$(SECONDS) -max_len=2000 \
	  -dict=tests/fuzz/yaml.dict -artifact_prefix=build/fuzz/ -print_final_stats=1 -verbosity=0 build/fuzz/seen tests/fuzz/corpus

bench-git: $(PACKAGES) ## How soon and how often decisions reach git while others push, and what a thousand commits leave (2 minutes)
	$(call headline,bench: git)
	@$(BIN)/python -m tests.bench.git

chart: $(PACKAGES) ## Generate crds/ from the models, and bring them and their schemas into charts/andon
	@$(BIN)/andon crds --out crds
	@$(BIN)/python tools/chart.py

toolchain: $(TOOLCHAIN) ## Build the lab's programs (API server, Prometheus, ...) into the user's cache

clean: ## Remove what was made in this folder; the toolchain's cache stays
	@rm -rf .venv build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache operator/*.egg-info

$(PACKAGES): pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "setup: Andon needs Python 3.11 or newer; $(PYTHON) says: $$("$(PYTHON)" --version 2>&1 | head -n 1). Next: make $(MAKECMDGOALS) PYTHON=/path/to/a/newer/python3" >&2; exit 1; }
	@"$(PYTHON)" tools/setup.py
	@touch $@

$(TOOLCHAIN): $(PACKAGES) $(wildcard operator/andon/lab/toolchain/go.*)
	@$(BIN)/python -m andon.lab.toolchain $(BIN)
	@touch $@

# What others offer is compared with, never imported: an environment of its own.
$(RIVER): tests/bench/peers/river.txt
	$(call headline,peers: river)
	@"$(PYTHON)" -m venv --clear build/peers/river
	@build/peers/river/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# One that cannot be installed is left out of the bench, which says so; the next run tries again.
build/peers/%/.installed: tests/bench/peers/%.txt
	$(call headline,peers: $*)
	@"$(PYTHON)" -m venv --clear build/peers/$*
	@build/peers/$*/bin/pip install --disable-pip-version-check --requirement $< && touch $@ || rm -rf build/peers/$*

headline = @printf '\n== %s\n' '$(1)'
