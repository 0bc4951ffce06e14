"""Everything CI runs: `python -m scripts.check [pytest arguments]`; `make check` and `scripts/test` call it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]

CHECKS = {
    "format": ["-m", "ruff", "format", "--check", "."],
    "lint": ["-m", "ruff", "check", "."],
    "types": ["-m", "mypy", "--num-workers", "2"],
    "walls": ["-c", "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"],
    "catalogue": ["-m", "scripts.catalogue"],
    # SQLite and a real PostgreSQL; the comparison of models and migrations is among them.
    # Three for two cores: one or another waits for its browser or its server.
    "tests": ["-m", "pytest", "-n", "3"],
}


def environment() -> dict[str, str]:
    """The tests run in several processes and start more, so each computes on one core of its own.

    Where no byte code may stand beside the sources it is kept apart, not made again by every process.
    """
    kept = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
    if kept.pop("PYTHONDONTWRITEBYTECODE", ""):
        kept.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / ".pytest_cache" / "bytecode"))
    return kept


def main() -> int:
    """Run all checks, the quick ones first; stop at the first that fails."""
    for name, arguments in CHECKS.items():
        extra = sys.argv[1:] if name == "tests" else []
        begun = time.monotonic()
        print(f"== {name}", flush=True)
        code = subprocess.run(
            [sys.executable, *arguments, *extra], cwd=ROOT, env=environment(), check=False
        ).returncode
        if code:
            print(f"== {name}: FAILED", flush=True)
            return code
        print(f"== {name}: passed in {time.monotonic() - begun:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
