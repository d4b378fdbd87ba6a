# Needs python3 >= 3.11, pip and make; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test serve readme lint types clean

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[service,arrow,test]"
	touch $@

demo: .venv/.installed ## the whole story on real data, through the running service
	$(BIN)/python -m service.demo

test: .venv/.installed lint types ## lint, types, doctests and tests
	$(BIN)/python -m pytest

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed
	$(BIN)/mypy

serve: .venv/.installed ## keeps the service running on http://127.0.0.1:8000
	$(BIN)/losses serve

readme: .venv/.installed ## writes the catalogue table into the README
	$(BIN)/python -m tests.readme

clean:
	rm -rf .venv
