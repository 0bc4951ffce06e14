"""Charts of standard setting; each stands beside its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from exam_engine.standard_setting.figures import Impact, Summary
from exam_engine.standard_setting.rules import WorkshopStatus
from exam_engine.standard_setting.service import Feedback, WorkshopView
from web.charts import Series, bar_chart, line_chart
from web.i18n import Translate


def cuts_figure(view: WorkshopView, summary: Summary, _: Translate) -> Markup | None:
    """Return the judges' cuts as bars; None while there are not two to compare."""
    cuts = [
        (each.code, figures.cut)
        for each in view.judges
        if (figures := summary.judges.get(each.judge.id)) and figures.cut is not None
    ]
    if len(cuts) < 2:
        return None
    return bar_chart(
        [code for code, _cut in cuts],
        [round(cut, 1) for _code, cut in cuts],
        title=_("Cut score of each judge"),
        x_label=_("Judge"),
        y_label=_("Cut score (out of 100)"),
    )


def own_place(feedback: Feedback) -> int:
    """Return the place of the judge's own cut among all, from 0; -1 without one."""
    own = feedback.own_figures.cut if feedback.own_figures else None
    return feedback.cuts.index(own) if own in feedback.cuts else -1


def feedback_figure(feedback: Feedback, _: Translate) -> Markup | None:
    """Return all cuts, ascending and without names; the judge's own is marked."""
    if not feedback.cuts:
        return None
    marked = own_place(feedback)
    return bar_chart(
        [_("you") if number == marked else str(number + 1) for number in range(len(feedback.cuts))],
        [round(cut, 1) for cut in feedback.cuts],
        title=_("Cut scores of all judges, without names"),
        x_label=_("Judges, ascending"),
        y_label=_("Cut score (out of 100)"),
    )


def impact_figure(impact: Impact | Mapping[str, Any] | None, _: Translate) -> Markup | None:
    """Return the pass rate by cut; None without impact data."""
    if impact is None:
        return None
    curve = (asdict(impact) if isinstance(impact, Impact) else impact)["curve"]
    return line_chart(
        [Series(_("Pass rate"), [cut for cut, _rate in curve], [100 * rate for _cut, rate in curve])],
        title=_("Pass rate by cut score"),
        x_label=_("Cut score (out of 100)"),
        y_label=_("Pass rate (%)"),
        y_high=100,
    )


def steps_of(view: WorkshopView, _: Translate) -> list[tuple[str, str]]:
    """Return the way through the workshop as labels, each done, now or later."""
    workshop, held = view.workshop, len(view.rounds)
    found = [(_("Panel"), "now" if workshop.status is WorkshopStatus.DRAFT else "done")]
    for number in range(1, workshop.rounds + 1):
        rating = number == held and workshop.status is WorkshopStatus.RATING
        done = number < held or (number == held and not rating)
        found.append((_("Round {number}", number=number), "now" if rating else "done" if done else "later"))
    asked = workshop.status is WorkshopStatus.QUESTIONS
    over = workshop.status in (WorkshopStatus.CLOSED, WorkshopStatus.RECORDED)
    if workshop.with_questions:
        found.append((_("Final questions"), "now" if asked else "done" if over else "later"))
    found.append((_("Frozen result"), "done" if over else "later"))
    recorded = workshop.status is WorkshopStatus.RECORDED
    found.append(
        (
            _("Second person"),
            "done" if recorded else "now" if workshop.status is WorkshopStatus.CLOSED else "later",
        )
    )
    return found
