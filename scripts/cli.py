"""The `exam-engine` command: parses arguments, runs one command, turns refusals into exit codes.

Exit codes: 0 done, 1 refused (the reason is printed), 2 wrong usage, 3 no solution exists, 4 undecided within the
limits, 130 interrupted, 141 the reader of the output is gone.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from itembank.base.errors import ExamError
from scripts.commands.threads import limit_threads

COMMANDS = [
    "scripts.commands.serve",
    "scripts.commands.chaos",
    "scripts.commands.loadtest",
    "scripts.commands.audit",
    "scripts.commands.irt",
    "scripts.commands.ctt",
    "scripts.commands.forensics",
    "scripts.commands.assemble",
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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks λ still gets the number
    try:
        own = f"scripts.commands.{words[0]}" if words else ""
        arguments = parser([own] if own in COMMANDS else COMMANDS).parse_args(
            words
        )  # the others load a web site
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except ExamError as error:
        print(f"exam-engine: {error.code}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        _drop_output()
        return 141
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"exam-engine: {place}{error.strerror or error}", file=sys.stderr)
        _drop_output()
        return 1
    except MemoryError:
        print("exam-engine: there is not enough memory for this", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nexam-engine: interrupted", file=sys.stderr)
        return 130
    return code


def _drop_output() -> None:
    """Let what is left to print go nowhere, so that the end of the program does not complain of it again."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
