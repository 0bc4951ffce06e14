"""Check that every string people see has its Chinese, and that no translation is left over.

`python -m scripts.catalogue` prints what is missing or unused and exits 1 if there is any.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

from babel.messages.extract import extract_from_dir

import exam_engine
import itembank
import scripts as command_line
import web
from exam_engine.jobs.rules import JobStatus
from itembank.base.errors import ExamError
from web import i18n

ROOT = Path(__file__).parents[1]
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
_KEYWORDS = {"_": None, "N_": None}


def _subclasses(kind: type[ExamError]) -> Iterator[type[ExamError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _subclasses(child)


def wanted() -> dict[str, str]:
    """Return every message id with a place that uses it."""
    for package in (itembank, exam_engine, web, command_line):
        for module in walk_packages(package.__path__, package.__name__ + "."):
            if ".migrations" not in module.name and not module.name.endswith("__main__"):
                import_module(module.name)
    found = {error.message: f"{error.__module__}.{error.__name__}" for error in _subclasses(ExamError)}
    found.update({f"job {status}": "exam_engine.jobs" for status in JobStatus})
    for folder in ("itembank", "exam_engine", "web"):
        for file, line, message, _comments, _context in extract_from_dir(
            ROOT / folder, method_map=_METHODS, keywords=_KEYWORDS
        ):
            if isinstance(message, str):
                found.setdefault(message, f"{folder}/{file}:{line}")
    return found


def main() -> int:
    """Print the gaps; return 1 when there are any."""
    used, translated = wanted(), i18n.catalogue("zh_CN")
    missing = sorted((place, message) for message, place in used.items() if message not in translated)
    unused = sorted(message for message in translated if message not in used)
    conflicts = sorted(i18n.conflicts("zh_CN"))
    braces = [
        message
        for message, text in translated.items()
        if {part.partition("}")[0] for part in message.split("{")[1:]}
        != {part.partition("}")[0] for part in text.split("{")[1:]}
    ]
    for place, message in missing:
        print(f"missing: {place}: {message}")
    for message in unused:
        print(f"unused: {message}")
    for message in braces:
        print(f"facts differ: {message}")
    for message in conflicts:
        print(f"translated differently in two areas: {message}")
    print(f"{len(used)} messages, {len(missing)} missing, {len(unused)} unused")
    return 1 if missing or unused or braces or conflicts else 0


if __name__ == "__main__":
    sys.exit(main())
