# Needs python3 >= 3.11, pip and make; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable

.PHONY: demo test mutants serve bench readme openapi fuzz load lint types clean

demo: .venv/.service ## the whole story on real data, through the running service
	$(BIN)/python -m service.demo

test: lint types ## lint, types, doctests and tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.test
	$(BIN)/mypy

mutants: .venv/.test ## changes each formula in many small ways, and tells which changes no test notices
	$(BIN)/python -m tests.mutants

serve: .venv/.service ## keeps the service running on http://127.0.0.1:8000
	$(BIN)/losses serve

fuzz: .venv/.test ## millions of broken inputs for every decoder, and the whole API by its schema
	$(BIN)/python -m tests.fuzz

load: .venv/.test ## the service under four times what it can do, with workers killed and told to stop
	$(BIN)/python -m benchmarks.load

bench: .venv/.bench ## losses, kinds and profiles beside NumPy, scikit-learn, torch, JAX, polars and others
	$(BIN)/python -m benchmarks.core
	$(BIN)/python -m benchmarks.kinds
	$(BIN)/python -m benchmarks.profiles
	$(BIN)/python -m benchmarks.frameworks
	$(BIN)/python -m benchmarks.http
	$(BIN)/python -m benchmarks.regret --minutes 20

openapi: .venv/.test ## writes service/openapi.json, which the tests compare with the service
	$(BIN)/python -m tests.openapi

readme: .venv/.test ## writes the catalogue table into the README
	$(BIN)/python -m tests.readme

clean:
	rm -rf .venv build losses/*.so

.venv/.service: pyproject.toml setup.py losses/_machine.c
	$(PYTHON) -m venv .venv
	$(PIP) ".[service]"
	touch $@

.venv/.test: .venv/.service
	$(PIP) ".[service,arrow,test]"
	touch $@

.venv/.bench: .venv/.test
	$(PIP) ".[bench]"
	touch $@
