# Every target sets up what it needs; the second call finds it done.
PYTHON ?= python3

VENV := .venv
LOWEST := .venv-lowest
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt
RUNTIME := app,export,gallery,ingest,lite,pose,render,train

.PHONY: help setup setup-lowest demo test test-lowest lint format types imports bench soak docs clean
.DELETE_ON_ERROR:

help:
	@echo "make demo             render persons, train, evaluate, search and explain, in minutes"
	@echo "make demo DATA=...    the same on real images: a folder or zip of Market-1501 [WEIGHTS=...]"
	@echo "make test             lint, types, import order, tests"
	@echo "make test-lowest      tests with the lowest versions that are supported"
	@echo "make setup            the development environment in $(VENV)"
	@echo "make lint | types | imports | format"
	@echo "make bench            speed and memory beside public packages"
	@echo "make soak             the application under load, attacked and killed: half an hour"
	@echo "make docs             the documentation site in site/"
	@echo "make clean            remove $(VENV) and everything built"

setup: $(VENV)/dev.stamp

setup-lowest: $(LOWEST)/test.stamp

demo: $(VENV)/runtime.stamp
	$(BIN)/reseen demo --recipe $(if $(DATA),demo-market1501,demo) --out demo-out $(if $(DATA),--data "$(DATA)") $(if $(WEIGHTS),--weights "$(WEIGHTS)")

test: lint types imports
	$(BIN)/python -m pytest -n 2 --dist loadfile --durations 25

# A second environment with the lowest versions that pyproject.toml allows, for the tests that take no data and seconds.
test-lowest: $(LOWEST)/test.stamp
	$(LOWEST)/bin/python -m pytest -n 2 --dist loadfile -q -m "not slow and not shared and not long" $(wildcard tests/[!acw]*/) --ignore=tests/data/sets/rendered

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/dev.stamp
	$(BIN)/mypy

imports: $(VENV)/dev.stamp
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/dev.stamp
	$(BIN)/python benchmarks/evaluation.py
	$(BIN)/python benchmarks/rendering.py
	@$(PIP) embreex==4.4.0.post1
	$(BIN)/python benchmarks/rasterising.py

soak: $(VENV)/dev.stamp
	$(BIN)/python benchmarks/soak.py
	$(BIN)/python -m pytest -m long tests/app

docs: $(VENV)/dev.stamp
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) $(LOWEST) site build dist demo-out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "reseen needs Python 3.11 or newer; name one with make PYTHON=..."; exit 2; }
	$(PYTHON) -m venv $(VENV)

# A stamp is written only after its install went through, so that an interrupted one starts again.
$(VENV)/runtime.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing reseen and what it needs: gigabytes of PyTorch, a few minutes"
	@$(PIP) -e '.[$(RUNTIME)]'
	@touch $@

# All at once: pip looks everything over in each call.
$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing reseen, what it needs and the development tools: gigabytes of PyTorch, a few minutes"
	@$(PIP) -e '.[$(RUNTIME),dev]'
	@touch $(VENV)/runtime.stamp $@

$(LOWEST)/test.stamp: pyproject.toml constraints-lowest.txt
	@echo "installing the lowest versions that are supported: gigabytes of PyTorch, a few minutes"
	$(PYTHON) -m venv $(LOWEST)
	@$(LOWEST)/bin/python -m pip install --disable-pip-version-check --quiet -c constraints-lowest.txt -e '.[gallery,ingest,lite,pose,render,train]' pytest pytest-xdist scikit-image
	@touch $@
