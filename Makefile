# Everything CI runs is `make check`. PYTHON is the virtual environment's unless given.
PYTHON ?= .venv/bin/python
PYTEST_ARGS ?=

.PHONY: check lint types walls migrations catalogue test lock migration

check: lint types walls migrations catalogue test

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

walls:
	$(PYTHON) -c "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"

migrations:  # the migrated schema is the models', on both databases
	$(PYTHON) -m pytest -q tests/exam_engine/migrations $(PYTEST_ARGS)

catalogue:  # every string has its Chinese
	$(PYTHON) -m scripts.catalogue

test:  # on SQLite and on a real PostgreSQL
	$(PYTHON) -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

lock:  # hash-pinned, for every platform and Python, without addresses
	$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --group build pyproject.toml -o requirements.lock
	$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock
	$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --group npm -o requirements-npm.lock

migration:  # make migration MESSAGE="…": write the difference between the models and the last migration
	$(PYTHON) -m scripts.revise "$(MESSAGE)"
