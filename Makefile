# Two commands do everything on a fresh machine: `make demo` and `make test`. They set up .venv and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
PYTHON_CODE := src tests bench examples hatch_build.py ui/tools
# npm in ui/, with the packages of its lock: by the machine's Node, or by one from PyPI that goes into .venv
NPM := $(BIN)/python hatch_build.py npm
HEAVY := $(VENV)/.heavy

.DEFAULT_GOAL := help
.PHONY: help setup ui demo test lint types layers unit check-ui slow test-rosetta test-ui browser screenshots bench bench-ui \
  format clean

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

ui: $(STAMP) ## Build the web UI, if its sources have changed
	$(BIN)/python hatch_build.py build

demo: $(STAMP) ui ## Run the trading example: plan, apply, break it, repair it
	$(BIN)/python examples/demo.py

test: $(STAMP) lint types layers unit check-ui ## Lint, types, layer contracts and tests, of the web UI too

lint: $(STAMP) ## Check style and formatting
	$(BIN)/ruff check $(PYTHON_CODE)
	$(BIN)/ruff format --check $(PYTHON_CODE)

types: $(STAMP) ## Check types
	$(BIN)/mypy

layers: $(STAMP) ## Check that imports go down only
	$(BIN)/lint-imports

unit: $(STAMP) ## Run the tests that are quick
	$(PYTEST) -n 2 -m 'not slow'

check-ui: $(STAMP) ## Lint, types and unit tests of the web UI, and that its types are those of the API
	$(NPM) run --silent lint
	$(NPM) run --silent types
	$(NPM) run --silent generate -- --check
	$(NPM) run --silent test

test-ui: $(STAMP) check-ui ui browser ## The same, and the web UI end to end in Chromium
	$(NPM) run --silent e2e
	$(NPM) run --silent e2e -- scale

screenshots: $(STAMP) ui browser ## Make docs/screenshots: each page of the web UI in both themes
	$(NPM) run --silent screenshots

browser:
	@test -n "$$WEFT_BROWSER" || for each in chromium chromium-browser google-chrome google-chrome-stable none; do \
	  command -v $$each >/dev/null && break; \
	  test $$each != none || { echo 'There is no Chromium here: `apt-get install chromium` brings one, or' \
	    'WEFT_BROWSER names one.' >&2; exit 1; }; \
	done

slow: $(STAMP) $(HEAVY) ## Run the heavier tests: kills, races, long property tests
	$(PYTEST) -n 2 -m slow --timeout 1200

test-rosetta: $(STAMP) $(HEAVY) ## Set up Spark and dbt too, and run each example of examples/rosetta
	$(PYTEST) -n 2 examples/rosetta/tests

bench: $(STAMP) ## Measure, and compare with the targets
	$(BIN)/python bench/run.py

bench-ui: $(STAMP) ui browser ## Measure the web UI, and compare with the targets
	$(NPM) run --silent bench

format: $(STAMP) ## Format the code
	$(BIN)/ruff format $(PYTHON_CODE)
	$(BIN)/ruff check --fix $(PYTHON_CODE)
	$(NPM) run --silent format

clean: ## Remove what setting up and running left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist \
	  ui/node_modules ui/tools/types/node_modules src/weft/_ui
