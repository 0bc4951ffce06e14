"""Under which code a figure was computed."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import exam_engine.calibration.reports
import exam_engine.psychometrics

_ROOT = Path(__file__).parents[3]


@cache
def package_version() -> str:
    """Return the version of the package, also where it runs from a checkout."""
    try:
        return metadata.version("exam-engine")
    except metadata.PackageNotFoundError:
        return str(tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


@cache
def kernel_version() -> str:
    """Return a digest over the source of the kernels and the reports: changed code, other version."""
    digest = hashlib.sha256()
    for package in (exam_engine.psychometrics, exam_engine.calibration.reports):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
