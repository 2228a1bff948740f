# Everything runs in .venv, which is made when it is missing, and only then. `make clean` removes it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

.PHONY: run demo test test-long test-all check chaos bench mutants picture snapshots clean

run: $(VENV)/run
	@$(BIN)/tracker-tui

demo: $(VENV)/run
	@$(BIN)/tracker-tui demo

# Tests start many programs, which would all compile the same modules.
export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/dev
	$(BIN)/python -m pytest -n auto --dist worksteal

test-long: $(VENV)/dev
	$(BIN)/python -m pytest -n auto --dist worksteal --hypothesis-profile=long

# ARGS go to pytest: make test-all ARGS=tests/ledger
test-all:
	sh tests/all_versions.sh $(ARGS)

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

chaos: $(VENV)/dev
	cd tests && $(CURDIR)/$(BIN)/python -m chaos

bench: $(VENV)/bench
	$(BIN)/python -m benchmarks

mutants: $(VENV)/dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,mutants]'
	$(BIN)/python -m benchmarks.mutants

picture: $(VENV)/dev
	$(BIN)/python docs/picture.py

snapshots: $(VENV)/dev
	$(BIN)/python -m pytest tests/ui/test_snapshots.py --snapshot-update

clean:
	rm -rf $(VENV) .venvs .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# A stamp for each set of parts: `run` needs no test tools, `dev` holds both.
$(VENV)/run: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("tracker-tui needs Python 3.11 or newer: make PYTHON=python3.11 run" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing tracker-tui into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev: $(VENV)/run
	@echo "installing what checks and tests need …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@# Each worker would compile the tests, and list the characters that UTF-8 can write.
	@-$(BIN)/python -m pytest --collect-only -qq >/dev/null 2>&1
	@$(BIN)/python -c 'from hypothesis import strategies; strategies.text().validate()'
	@touch $@

$(VENV)/bench: $(VENV)/dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@
