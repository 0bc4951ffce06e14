"""The `exam-engine` command: parses arguments, runs one command, turns refusals into exit codes.

Exit codes: 0 done, 1 refused (the reason is printed), 2 wrong usage, 3 no solution exists.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from itembank.base.errors import ExamError
from scripts.commands.threads import limit_threads

COMMANDS = [
    "scripts.commands.serve",
    "scripts.commands.audit",
    "scripts.commands.irt",
    "scripts.commands.ctt",
    "scripts.commands.forensics",
    "scripts.commands.site",
    "scripts.commands.paper",
    "scripts.commands.bank",
]
"""Each module has ``register(subparsers)`` and sets ``run`` on its parsers: ``(arguments) -> exit code``."""


def parser(modules: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Return the command line, the whole of it or the commands of some modules."""
    top = argparse.ArgumentParser(
        prog="exam-engine", description=__doc__.splitlines()[0] if __doc__ else None
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name in modules:
        import_module(name).register(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    limit_threads(words)
    own = f"scripts.commands.{words[0]}" if words else ""
    arguments = parser([own] if own in COMMANDS else COMMANDS).parse_args(words)  # the others load a web site
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
