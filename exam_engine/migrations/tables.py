"""Every module that defines tables, imported so that the metadata is whole."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import MetaData

import exam_engine
import itembank
from itembank.base import audit
from itembank.base.db import Base


def metadata() -> MetaData:
    """Return the metadata of all tables of the product."""
    assert audit.AuditEntry.__table__ is not None
    for package in (itembank, exam_engine):
        for feature in iter_modules(package.__path__, package.__name__ + "."):
            if feature.ispkg and any(
                m.name == "models" for m in iter_modules(import_module(feature.name).__path__)
            ):
                import_module(feature.name + ".models")
    return Base.metadata
