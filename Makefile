# Everything sets itself up: it needs Python 3.11+, make and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SCALE ?= 1

# Every script in benchmarks/ that can be started.
BENCHMARKS := $(patsubst benchmarks/%.py,%,$(shell grep -l '^if __name__' benchmarks/*.py))

.PHONY: demo test lint types layers unit test-slow docs benchmarks $(BENCHMARKS:%=bench-%) clean

demo: $(VENV)/.demo
	$(BIN)/jusante demo shop --scale $(SCALE)

test: lint types layers unit

lint: $(STAMP)
	$(BIN)/ruff format --check src tests benchmarks examples docs
	$(BIN)/ruff check src tests benchmarks examples docs

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports

unit: $(STAMP)
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

test-slow: $(STAMP)
	$(BIN)/pytest -m slow

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[demo]"
	touch $@

$(STAMP): $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[demo,postgres,mysql,sqlite,dashboards,contracts,openlineage,apprise,web,nats,otel]" --group dev
	touch $@

# Each measures itself beside its peers and writes its part of benchmarks/RESULTS.md.
benchmarks: $(BENCHMARKS:%=bench-%)

$(BENCHMARKS:%=bench-%): bench-%: $(STAMP)
	$(BIN)/python benchmarks/$*.py

docs: $(STAMP)
	$(BIN)/python docs/reference.py

clean:
	rm -rf $(VENV) shop
