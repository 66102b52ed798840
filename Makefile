# Two commands do all the set-up: `make serve` runs the service, `make test` runs every test.
.DEFAULT_GOAL := help
.PHONY: help serve demo test clients check fix bench soak bench-books docs screenshots house-model clean

# Tests and services start many processes: without compiled files each would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(VENV)/.serve ## Start the service on http://127.0.0.1:8000 (ARGS="--port 9000 --demo" for more)
	@exec $(BIN)/solvent serve $(ARGS)

demo: $(VENV)/.serve ## Start it with 40 simulated customers asking the house model
	@exec $(BIN)/solvent serve --demo --data solvent-demo $(ARGS)

test: $(VENV)/.test .venv-beancount/bin/bean-check ## Run every test: style, types, the house, and all that the service does
	@$(BIN)/python -m pytest -n 3 --dist loadgroup --no-loadscope-reorder $(ARGS)

clients: $(VENV)/.test ## Drive clients of others (LangChain, aider ...), each in an environment of its own: 1.5 GB
	@$(BIN)/python -m tests.doors.drive_clients $(ARGS)

check: $(VENV)/.test ## The quick part of the tests: style, types, the house
	@$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy && $(BIN)/python -m pytest tests/house $(ARGS)

fix: $(VENV)/.test ## Mend what can be mended by itself: formatting, import order
	@$(BIN)/ruff check --fix && $(BIN)/ruff format

bench: $(VENV)/.test ## Measure the gateway beside its peers; writes docs/benchmarks/
	@$(BIN)/python bench/gateway.py $(ARGS)

soak: $(VENV)/.test ## An hour of steady load in front of an upstream in trouble: memory, holds, books
	@$(BIN)/python bench/soak.py $(ARGS)

bench-books: $(VENV)/.test ## Measure the books with 10 million answers on record: half an hour, 20 GB
	@$(BIN)/python bench/books.py $(ARGS)

docs: $(VENV)/.test ## Make the pages that are made from the code: docs/configuration.md, docs/commands.md
	@$(BIN)/python tools/make_docs.py

screenshots: $(VENV)/.test ## Take a picture of each page into docs/screenshots/
	@$(BIN)/python tools/screenshots.py $(ARGS)

house-model: $(VENV)/.lightening ## Train the house model again from scratch (under an hour on two cores)
	@$(BIN)/solvent house-model build $(ARGS)

clean: ## Remove the environment and caches; books and models stay
	@rm -rf $(VENV) .venv-beancount .clients .mypy_cache .ruff_cache .pytest_cache .hypothesis .bench

$(VENV)/bin/python:
	@sh tools/venv.sh $(VENV)

$(VENV)/.serve: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/.serve

# Checks our exports as a program of its own: GPL, so it is never imported and never shipped.
.venv-beancount/bin/bean-check:
	@sh tools/venv.sh .venv-beancount
	@.venv-beancount/bin/python -m pip install --quiet --disable-pip-version-check 'beancount>=3,<4'

$(VENV)/.lightening: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lightening]'
	@touch $@ $(VENV)/.serve
