"""What the site calls the work of the packages below it: nothing that people read is a bare code."""

from __future__ import annotations

import re
from pathlib import Path

import exam_engine
import itembank
from exam_engine.worker import HANDLERS
from web.admin.labels import ACTIONS, SUBJECTS
from web.charts import bar_chart
from web.home.routes import KINDS


def sources() -> str:
    folders = [Path(package.__path__[0]) for package in (itembank, exam_engine)]
    return "\n".join(path.read_text("utf-8") for folder in folders for path in folder.rglob("*.py"))


def test_every_kind_of_job_has_a_name() -> None:
    assert set(KINDS) == set(HANDLERS)


def test_every_recorded_action_and_subject_has_words() -> None:
    text = sources()
    actions = set(re.findall(r'\baction="([a-z_]+\.[a-z_]+)"', text))
    subjects = set(re.findall(r'\bsubject=\("([a-z_]+)"', text))

    assert actions > {"sitting.marked", "plan.created"}
    assert actions - set(ACTIONS) == set()
    assert subjects - set(SUBJECTS) == set()


def test_counts_are_marked_by_whole_numbers() -> None:
    few = bar_chart(["a", "b"], [1, 1], title="t", x_label="x", y_label="y")
    shares = bar_chart(["a", "b"], [0.5, 1], title="t", x_label="x", y_label="y")

    assert ">0.5<" not in few
    assert ">0.5<" in shares
