"""Write a migration: `python -m scripts.revise "what changes"`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from exam_engine.migrations import schema
from itembank.base.crypto import Keyring
from itembank.base.db import Database


def main() -> int:
    """Compare the models with the last migration, in a database of its own."""
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        print('usage: python -m scripts.revise "what changes"', file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'scratch.sqlite3'}", Keyring.generate())
        schema.upgrade(database)
        schema.revise(database, sys.argv[1].strip())
        database.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
