"""The `exam-engine` command: parses arguments, runs one command, turns refusals into exit codes.

Exit codes: 0 done, 1 refused (the reason is printed), 2 wrong usage, 3 no solution exists.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from itembank.base.errors import ExamError

COMMANDS = [
    "scripts.commands.serve",
    "scripts.commands.audit",
    "scripts.commands.irt",
    "scripts.commands.site",
    "scripts.commands.paper",
    "scripts.commands.bank",
]
"""Each module has ``register(subparsers)`` and sets ``run`` on its parsers: ``(arguments) -> exit code``."""


def parser() -> argparse.ArgumentParser:
    """Return the whole command line."""
    top = argparse.ArgumentParser(
        prog="exam-engine", description=__doc__.splitlines()[0] if __doc__ else None
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name in COMMANDS:
        import_module(name).register(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except ExamError as error:
        print(f"exam-engine: {error.code}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"exam-engine: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
