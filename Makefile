# Two commands do everything on a fresh machine: `make demo` and `make test`. They set up .venv and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
HEAVY := $(VENV)/.heavy

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types layers unit slow test-rosetta bench format clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

setup: $(STAMP) ## Make .venv and install into it

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "weft needs Python 3.11 or newer; say which with make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]' --group dev
	@touch $(STAMP)

# Spark, and dbt in an environment of its own: its requirements and those of mypy exclude each other.
$(HEAVY): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group rosetta
	$(PYTHON) -m venv $(VENV)/dbt
	$(VENV)/dbt/bin/python -m pip install --quiet --disable-pip-version-check 'dbt-core==1.11.16' 'dbt-duckdb==1.10.1'
	ln -sf ../dbt/bin/dbt $(BIN)/dbt
	@touch $(HEAVY)

demo: $(STAMP) ## Run the trading example: plan, apply, break it, repair it
	$(BIN)/python examples/demo.py

test: $(STAMP) lint types layers unit ## Lint, types, layer contracts and tests

lint: $(STAMP) ## Check style and formatting
	$(BIN)/ruff check src tests bench examples
	$(BIN)/ruff format --check src tests bench examples

types: $(STAMP) ## Check types
	$(BIN)/mypy

layers: $(STAMP) ## Check that imports go down only
	$(BIN)/lint-imports

unit: $(STAMP) ## Run the tests that are quick
	$(PYTEST) -n 2 -m 'not slow'

slow: $(STAMP) $(HEAVY) ## Run the heavier tests: kills, races, long property tests
	$(PYTEST) -n 2 -m slow

test-rosetta: $(STAMP) $(HEAVY) ## Set up Spark and dbt too, and run each example of examples/rosetta
	$(PYTEST) -n 2 examples/rosetta/tests

bench: $(STAMP) ## Measure, and compare with the targets
	$(BIN)/python bench/run.py

format: $(STAMP) ## Format the code
	$(BIN)/ruff format src tests bench examples
	$(BIN)/ruff check --fix src tests bench examples

clean: ## Remove what setting up and running left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
