# Everything CI runs is `make check`. PYTHON is the virtual environment's unless given.
PYTHON ?= .venv/bin/python
PYTEST_ARGS ?=

.PHONY: check catalogue test lock migration

check:
	$(PYTHON) -m scripts.check $(PYTEST_ARGS)

catalogue:  # every string has its Chinese
	$(PYTHON) -m scripts.catalogue

test:  # on SQLite and on a real PostgreSQL
	$(PYTHON) -m pytest -n 3 $(PYTEST_ARGS)

COMPILE = $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

lock:  # hash-pinned, for every platform and Python, without addresses
	$(COMPILE) --group build pyproject.toml -o requirements.lock
	$(COMPILE) -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock
	$(COMPILE) --group npm -o requirements-npm.lock

migration:  # make migration MESSAGE="…": write the difference between the models and the last migration
	$(PYTHON) -m scripts.revise "$(MESSAGE)"
