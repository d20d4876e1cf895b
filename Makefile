# Everything runs in an environment of its own in .venv, made from pyproject.toml: what running due needs, and for the
# other targets the tools for development too.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
READY := .venv/.ready

.DEFAULT_GOAL := help

# Without what is compiled, each worker and each due that a test starts compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 5))' || { echo "due needs Python 3.11.5 or later: make PYTHON=python3.12" >&2; exit 1; }
	@echo "installing due in .venv, with DuckDB, Arrow, pandas and boto3 (about 150 MB to download)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check --editable . | grep -E '^ *(Downloading|Installing|ERROR)' || true
	@$(BIN)/due --version
	@touch $(INSTALLED)

$(READY): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $(READY)

demo: $(INSTALLED) ## a guided demo on this machine, without an account
	@$(BIN)/due demo

story: $(READY) ## a stack on AWS from setup to teardown, in an emulated account
	@$(BIN)/python -m tests.scenarios.story

test: $(READY) ## the tests, but for the slow ones (minutes)
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow" $(ARGS)

test-all: $(READY) ## all tests, with those on the engines and the mutants (half an hour)
	@$(BIN)/python -m pytest -n auto --dist worksteal --hypothesis-profile thorough
ifeq ($(DUE_NO_ENGINES),1)
	@echo "DUE_NO_ENGINES=1: left out the tests on Trino and DynamoDB Local"
else
	@$(MAKE) --no-print-directory test-engines
endif
	@$(MAKE) --no-print-directory mutants

test-engines: $(READY) ## the tests on Trino and DynamoDB Local (fetches 0.5 GB with Maven once; needs Java 24)
	@$(BIN)/python -m tests.engines.fetch
	@DUE_ENGINES=1 $(BIN)/python -m pytest tests/engines $(ARGS)

mutants: $(READY) ## put errors into due, and see a test turn red for each (most need the engines)
ifneq ($(DUE_NO_ENGINES),1)
	@$(BIN)/python -m tests.engines.fetch
endif
	@$(BIN)/python -m tests.mutants $(ARGS)

test-floors: $(READY) ## the fast tests on the lowest versions of the dependencies that are allowed, and on the newest
	@$(BIN)/python -m tests.versions $(ARGS)

lint: $(READY) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY) ## the benchmarks (an hour the first time; make bench ARGS=--quick for a look)
	@$(BIN)/python -m benchmarks $(ARGS)

lines: $(READY) ## lines of code by room (make lines ARGS=COMMIT for an earlier state)
	@$(BIN)/python -m benchmarks.lines $(ARGS)

wheel: $(READY) ## the wheel, in dist/
	@$(BIN)/python -m build --wheel --outdir dist .

clean: ## remove what the other targets made
	rm -rf .venv .venv-lowest .venv-newest dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help demo story test test-all test-engines test-floors mutants lint bench lines wheel clean
