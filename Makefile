# Everything runs in an environment of its own in .venv, made from pyproject.toml.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 5))' || { echo "due needs Python 3.11.5 or later: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $(READY)

demo: $(READY) ## the whole tour, on this machine, from nothing
	@$(BIN)/due demo

story: $(READY) ## a stack on AWS from setup to teardown, in an account that a stand-in plays
	@$(BIN)/python -m tests.scenarios.story

test: $(READY) ## the tests
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder  # what a file shares is made once
	@echo "the tests on Trino and DynamoDB Local were not asked for: make test-engines"

test-engines: $(READY) ## the tests on Trino and DynamoDB Local (fetches 0.5 GB with Maven once; needs Java 24)
	@$(BIN)/python -m tests.engines.fetch
	@DUE_ENGINES=1 $(BIN)/python -m pytest tests/engines $(ARGS)

breaks: $(READY) ## break due on purpose, and see a test turn red each time (needs the engines too)
	@$(BIN)/python -m tests.engines.fetch
	@$(BIN)/python -m tests.mutants $(ARGS)

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
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help demo story test test-engines breaks lint bench lines wheel clean
