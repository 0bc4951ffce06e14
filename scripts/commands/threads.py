"""How many threads matrix products use: set before NumPy is loaded, for it looks only once."""

from __future__ import annotations

import os
from collections.abc import Sequence

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

DEFAULT = 1
"""Matrices of a calibration or an assembly are small: several threads cost more CPU time than they save, and on a
server they take it from other requests."""


def limit_threads(argv: Sequence[str]) -> None:
    """Set the threads that ``--threads`` asks for, by default one, where the environment has not set them."""
    asked = [
        following if word == "--threads" else word.removeprefix("--threads=")
        for word, following in zip(argv, [*argv, ""][1:], strict=True)
        if word == "--threads" or word.startswith("--threads=")
    ]
    for variable in VARIABLES:
        if asked and asked[-1].isdigit():
            os.environ[variable] = asked[-1]
        else:
            os.environ.setdefault(variable, str(DEFAULT))
