"""Forms of the statistics desk."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from exam_engine.calibration.rules import Method
from exam_engine.psychometrics.irt.priors import GUESSING


class FileForm(BaseModel):
    """A calibration of an uploaded response file."""

    name: str = Field(min_length=1, max_length=120)
    occupation_id: UUID
    level: int = Field(ge=1, le=5)
    method: Method
    prior_c: Literal["normal", "none"] = "normal"
    prior_mean: float = GUESSING.mean
    prior_sd: float = GUESSING.sd


class SittingsForm(BaseModel):
    """A calibration of the answers given in sittings; stands on one page with `FileForm`, hence the prefix."""

    sittings_name: str = Field(min_length=1, max_length=120)
    sittings_method: Method
    sittings_prior_c: Literal["normal", "none"] = "normal"
    sittings_prior_mean: float = GUESSING.mean
    sittings_prior_sd: float = GUESSING.sd
    sittings: list[UUID] = Field(min_length=1)


class ReportForm(BaseModel):
    """A report of sittings."""

    report_name: str = Field(min_length=1, max_length=120)
    sittings: list[UUID] = Field(min_length=1)


class WhatIfForm(BaseModel):
    """The name of a dry run; its treatments are fields by item."""

    what_if_name: str = Field(min_length=1, max_length=120)


class DecisionForm(BaseModel):
    """Which dry run was decided on, and why."""

    number: int = Field(ge=0, le=100_000)
    reason: str = Field(min_length=4, max_length=400)


class ReportFileForm(BaseModel):
    """A sitting report of a response file."""

    report_name: str = Field(min_length=1, max_length=120)
    occupation_id: UUID
    level: int = Field(ge=1, le=5)
    pass_mark: Decimal = Field(gt=0, le=100, max_digits=5, decimal_places=2)


class DifForm(BaseModel):
    """A comparison of the candidates of sittings."""

    report_name: str = Field(min_length=1, max_length=120)
    attribute: Literal["room", "sitting", "source", "education"]
    sittings: list[UUID] = Field(min_length=1)


class DifFileForm(BaseModel):
    """A comparison of the groups of a response file; on one page with `DifForm`, hence the prefix."""

    file_report_name: str = Field(min_length=1, max_length=120)
    occupation_id: UUID
    level: int = Field(ge=1, le=5)
    column: str = Field(min_length=1, max_length=60)


class LinkForm(BaseModel):
    """A link of two scales."""

    report_name: str = Field(min_length=1, max_length=120)
    new_scale: UUID
    old_scale: UUID
    link_method: Literal["", "mean", "mean_mean", "mean_sigma", "haebara", "stocking_lord"] = ""


class AdoptForm(BaseModel):
    """The name of the scale that a link becomes."""

    scale_name: str = Field(min_length=1, max_length=120)


class ForensicsForm(BaseModel):
    """A security report of a sitting."""

    report_name: str = Field(min_length=1, max_length=120)
    sitting: UUID
    pairs: Literal["all", "rooms"]
    error_level: Literal["0.05", "0.01", "0.001"]
    marking: Literal["none", "list", "earlier"] = "none"
    marked: str = Field(default="", max_length=40_000)
    """Names of items, apart by blanks, commas or lines."""
