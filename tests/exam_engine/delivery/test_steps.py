"""Which steps a paper with sections has, and when they begin and end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.delivery.steps.rules import (
    Sections,
    SoFar,
    Step,
    StepKind,
    begin,
    goes_on,
    grown,
    is_repeated,
)
from exam_engine.sittings.sections import SectionTerms

NOW = datetime(2026, 6, 1, 1, tzinfo=UTC)
KINDS = ("single_choice", "multiple_choice", "true_false")
section_terms = st.builds(
    SectionTerms,
    st.sampled_from(KINDS),
    st.none() | st.integers(1, 40),
    st.booleans(),
    st.sampled_from([0, 0, 5]),
)


@given(
    st.lists(st.tuples(section_terms, st.integers(1, 6)), min_size=1, max_size=5), st.data(), st.booleans()
)
def test_steps_give_every_place_of_a_form_once_and_in_order(
    drawn: list[tuple[SectionTerms, int]], data: st.DataObject, whole: bool
) -> None:
    sections = Sections([terms for terms, _ in drawn], [size for _, size in drawn])
    places = list(range(sum(size for _, size in drawn)))
    form = None if whole else sorted(data.draw(st.sets(st.sampled_from(places), min_size=1)))
    steps = sections.course(form)
    walked: list[Step] = []
    while step := sections.next(
        SoFar(1, None if form is None else tuple(form), tuple((s.kind, s.places) for s in walked))
    ):
        walked.append(step)

    assert walked == steps
    assert sum(step.kind is not StepKind.BREAK for step in steps) == sections.count(form)
    assert [place for step in steps for place in step.places] == (places if form is None else form)
    assert [step.last for step in steps] == [False] * (len(steps) - 1) + [True]
    assert steps[0].kind is steps[-1].kind is StepKind.SECTION
    assert all((step.kind is StepKind.BREAK) == (not step.places) for step in steps)


def test_sections_between_which_nothing_is_laid_down_are_one_step() -> None:
    plain, own, closed = (
        SectionTerms("a"),
        SectionTerms("b", minutes=10),
        SectionTerms("c", forward_only=True),
    )
    course = Sections([plain, plain, own, closed, plain], [2, 1, 1, 1, 1]).course(None)

    assert [(step.places, step.minutes) for step in course] == [
        ((0, 1, 2), None),
        ((3,), 10),
        ((4,), None),
        ((5,), None),
    ]


@given(st.integers(1, 60), st.integers(0, 90), st.integers(0, 60))
def test_a_step_never_outlasts_the_whole_and_extra_time_lengthens_it_alike(
    minutes: int, whole: int, extra: int
) -> None:
    ends = NOW + timedelta(minutes=whole)
    step = Step(StepKind.SECTION, (0,), minutes)
    begun = begin(step, number=1, at=NOW, ends_at=ends, limit_minutes=60, extra_minutes=extra)

    assert begun.due_at == min(ends, NOW + timedelta(minutes=minutes * (60 + extra) / 60))
    assert goes_on(last=False, due_at=begun.due_at, ends_at=ends) == (begun.due_at < ends)
    assert not goes_on(last=True, due_at=begun.due_at, ends_at=ends)


@pytest.mark.parametrize(
    ("number", "epoch", "repeated"), [(2, 7, False), (1, 6, True), (0, 5, True), (1, 5, False), (1, 7, False)]
)
def test_only_the_page_that_nobody_has_taken_over_from_asks_again(
    number: int, epoch: int, repeated: bool
) -> None:
    assert is_repeated(number=number, epoch=epoch, step=2, present_epoch=7) is repeated


def test_a_form_grows_by_what_is_new() -> None:
    assert grown(None, [1]) is None
    assert grown([4, 2], [2, 9]) == [4, 2, 9]
