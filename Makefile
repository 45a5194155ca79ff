# What a newcomer types: `make run`, `make test`. Windows has no make: README has the pip lines.
PYTHON ?= python3
VENV ?= venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

# What requirements.txt holds: all it takes to train, to read, to serve and to judge.
EXTRAS := --extra train --extra serve --extra evaluate --extra heic

.DEFAULT_GOAL := help
.PHONY: help run test test-fast check format lock fuzz mutate bench accuracy sweep sheets pictures lesson clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

run: $(VENV)/.ready  ## train the original network on MNIST and plot how it learned
	$(BIN)/python mnist_digit_classifier.py

test: $(VENV)/.ready-dev  ## run the tests
	$(BIN)/python -m pytest

test-fast: $(VENV)/.ready-dev  ## the tests that start no browser, no process and no TensorFlow
	$(BIN)/python -m pytest -m "not browser and not process and not train"

check: $(VENV)/.ready-dev  ## formatting, lint, types, documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python docs/check.py

format: $(VENV)/.ready-dev  ## put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.ready-dev  ## write the pinned requirements anew from pyproject.toml
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --custom-compile-command "make lock" $(EXTRAS) pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --no-annotate --custom-compile-command "make lock" -c requirements.txt $(EXTRAS) --group dev pyproject.toml -o requirements-dev.txt
	echo '-e .' >> requirements-dev.txt

fuzz: $(VENV)/.ready-dev  ## read pages that nobody draws, five minutes; MINUTES=60 SEED=1 PAGES=4000
	$(BIN)/python tests/picture/fuzz.py --minutes $(or $(MINUTES),5) --seed $(or $(SEED),0) --pages $(or $(PAGES),1000000)

mutate: $(VENV)/.ready-dev  ## change operators: do the tests notice? an hour; COUNT=30 SEED=0
	$(BIN)/python tests/mutate.py --count $(or $(COUNT),30) --seed $(or $(SEED),0)

bench: $(VENV)/.ready-dev  ## time training, reading and serving side by side with others
	$(BIN)/python benchmarks/train_speed.py
	$(BIN)/python benchmarks/time_to_99.py
	$(BIN)/python benchmarks/reader.py
	$(BIN)/python benchmarks/serve.py

accuracy: $(VENV)/.ready-dev  ## train every network with every seed (hours), or go on; write docs/accuracy.md
	$(BIN)/python benchmarks/accuracy.py

sweep: $(VENV)/.ready-dev  ## train all on much and little data: is the best shown saved? hours; SMALL=1 minutes
	$(BIN)/python benchmarks/sweep.py $(if $(SMALL),--small)

sheets: $(VENV)/.ready-dev  ## fill printed sheets, photograph and read them: how many boxes are right? three minutes
	$(BIN)/python benchmarks/sheets.py

pictures: $(VENV)/.ready-dev  ## draw the pictures that README shows anew
	$(BIN)/python docs/pictures.py

lesson: $(VENV)/.ready-dev  ## run the notebooks of docs/lesson anew, with their plots; CHECK=1 writes nothing
	$(BIN)/python docs/lesson/execute.py $(if $(CHECK),--check)

clean:  ## remove the environment and what the tools left; keeps runs/
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.ready: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit(f"This is Python {v[0]}.{v[1]}; 3.11, 3.12 or 3.13 is needed. Try: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -e .
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
