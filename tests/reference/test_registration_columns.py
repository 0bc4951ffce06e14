"""The registration list has the columns of the published template."""

from __future__ import annotations

import csv
from pathlib import Path

from exam_engine.sittings.columns import COLLECTIONS, COLUMNS, DOCUMENT_KINDS, EDUCATIONS


def test_the_columns_and_values_are_those_of_the_published_template(reference_data: Path) -> None:
    with (reference_data / "candidate-import-columns.csv").open(encoding="utf-8") as file:
        published = {row["name"]: row for row in csv.DictReader(file)}

    ours = {column.header: column for column in COLUMNS}
    cut = {"从事专业…"}  # its header is cut off in the source
    assert set(published) - cut <= set(ours)
    assert all(ours[name].required for name, row in published.items() if row["required"] == "yes")
    assert not any(
        ours[name].required for name, row in published.items() if row["required"] == "no" and name not in cut
    )
    assert tuple(published["证件类型"]["values_or_rule"].split("/")) == DOCUMENT_KINDS
    assert tuple(published["文化程度"]["values_or_rule"].split("/")) == EDUCATIONS
    assert published["证书领取"]["values_or_rule"].startswith("/".join(COLLECTIONS))
    offered = published["考生来源"]["values_or_rule"].split("/")
    assert set(offered[:-1]) <= set(ours["考生来源"].choices)
