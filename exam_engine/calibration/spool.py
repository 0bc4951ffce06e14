"""Rows of a growing matrix: in memory, or from a size on in a temporary file that is mapped."""

from __future__ import annotations

import tempfile
from typing import IO

import numpy as np
from numpy.typing import NDArray

LARGEST_IN_MEMORY = 256 * 1024 * 1024
"""Cells, one byte each; a larger matrix is mapped from a temporary file, and read from there piece by piece."""


class Spool:
    """Collects blocks of rows of one width."""

    def __init__(self) -> None:
        self.n_rows = 0
        self._width = 0
        self._blocks: list[NDArray[np.int8]] = []
        self._file: IO[bytes] | None = None

    def add(self, block: NDArray[np.int8]) -> None:
        """Take rows."""
        self.n_rows += len(block)
        self._width = block.shape[1]
        self._blocks.append(block)
        if self._file is None and self.n_rows * self._width > LARGEST_IN_MEMORY:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
        if self._file is not None:
            for one in self._blocks:
                self._file.write(np.ascontiguousarray(one).data)
            self._blocks = []

    def finish(self) -> NDArray[np.int8]:
        """Return the matrix, shape (n_rows, width)."""
        if self._file is None:
            return np.concatenate(self._blocks)
        self._file.flush()
        mapped = np.memmap(self._file, dtype=np.int8, mode="r", shape=(self.n_rows, self._width))
        self._file.close()  # the mapping keeps the unnamed file until it goes
        return mapped

    def discard(self) -> None:
        """Give up what was taken."""
        self._blocks = []
        if self._file is not None:
            self._file.close()
