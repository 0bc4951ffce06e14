"""Individual forms: drawn from one blueprint, sealed as one collection, verified form by form."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import select

from exam_engine.papers import service as papers
from exam_engine.papers.drawing import Drawing
from exam_engine.papers.models import PaperForm
from exam_engine.papers.rules import (
    AssemblyStatus,
    CollectionNotEdited,
    DrawingOutOfRange,
    DrawingRuleRefused,
    OwnPaper,
    PaperKind,
    PaperStatus,
    RulesBroken,
)
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from tests.conftest import OpenSession
from tests.factories.papers import actor_of, make_bank, make_blueprint
from tests.factories.people import NOW

DRAWING = Drawing(8, 25.0, max_overlap=6, sitting="a sitting")


def people_of(open_session: OpenSession, institution: Institution) -> tuple[UUID, Actor, Actor]:
    """Return a blueprint, who may ask and who may seal."""
    with open_session() as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="paper-manager")
        second = actor_of(session, institution, Role.REVIEWER, username="paper-reviewer")
        occupation = make_bank(session, institution)
        return make_blueprint(session, institution, occupation, actor=manager).id, manager, second


def draw(open_session: OpenSession, blueprint: UUID, actor: Actor, drawing: Drawing = DRAWING) -> UUID:
    with open_session() as session:
        asked = papers.request_drawing(
            session, actor=actor, blueprint_id=blueprint, drawing=drawing, seed=3, now=NOW, queue=False
        ).id
    papers.perform_drawing(open_session, asked, actor=actor, now=lambda: NOW)
    return asked


def test_forms_are_drawn_sealed_by_a_second_person_and_verified(
    open_session: OpenSession, institution: Institution
) -> None:
    blueprint, manager, second = people_of(open_session, institution)
    asked = draw(open_session, blueprint, manager)
    with open_session() as session:
        outcome = papers.find_assembly(session, asked).outcome or {}
        paper = papers.collection_of(session, asked)
        assert paper is not None
        paper_id = paper.id
        entries = papers.paper_entries(session, paper_id)
        forms = papers.drawn_forms(session, paper_id)

        assert (paper.kind, paper.status, paper.total_marks) == (PaperKind.COLLECTION, PaperStatus.DRAFT, 100)
        assert list(forms) == list(range(1, 11))
        kinds = {
            tuple(sorted(Counter(entries[place].type for place in form).items())) for form in forms.values()
        }
        assert kinds == {(("single_choice", 5), ("true_false", 5))}
        shared = [len(set(forms[one]) & set(forms[two])) for one in forms for two in forms if one < two]
        assert max(shared) <= 6
        assert outcome["drawn"]["overlap"]["pairs"] == [shared.count(k) for k in range(11)]
        assert outcome["drawn"]["items"] == len(entries)
        with pytest.raises(CollectionNotEdited):
            papers.set_locks(session, actor=manager, paper_id=paper_id, positions=[1])
        with pytest.raises(OwnPaper):
            papers.approve_paper(session, actor=manager, paper_id=paper_id, now=NOW)
        papers.approve_paper(session, actor=second, paper_id=paper_id, now=NOW)
        form = session.scalars(select(PaperForm).where(PaperForm.number == 7)).one()
        form.places = list(forms[7][1:])
        session.flush()
        with pytest.raises(RulesBroken):
            papers.seal_paper(session, actor=second, paper_id=paper_id, now=NOW)
        form.places = list(forms[7])
        session.flush()
        papers.seal_paper(session, actor=second, paper_id=paper_id, now=NOW)
        verdict = papers.recheck_sealed(session, actor=second, paper_id=paper_id)
        opened = papers.open_sealed(session, paper_id)

        assert (verdict.ok, verdict.from_seal) == (True, True)
        assert opened.collection == papers.candidate_view(session, paper_id).collection == paper.collection
        assert sum(entry.marks for entry in opened.given(forms[1])) == 100

        session.scalars(select(PaperForm).where(PaperForm.number == 4)).one().places = list(forms[4][1:])
        session.flush()
        broken = papers.broken_forms(session, paper, opened)
        verdict = papers.recheck_sealed(session, actor=second, paper_id=paper_id)
    assert {number for number, _ in broken} == {4}
    assert (verdict.ok, verdict.entries_agree, "length" in verdict.broken) == (False, False, True)


def test_a_cap_that_cannot_be_kept_is_named_with_the_least_that_can(
    open_session: OpenSession, institution: Institution
) -> None:
    blueprint, manager, _ = people_of(open_session, institution)
    asked = draw(open_session, blueprint, manager, Drawing(8, max_overlap=0))
    with open_session() as session:
        assembly = papers.find_assembly(session, asked)
        found = (assembly.outcome or {})["out_of_reach"]

        assert assembly.status is AssemblyStatus.INFEASIBLE
        assert (found["what"], found["proven"]) == ("overlap", True)
        assert found["least"] > found["asked"]
        assert papers.collection_of(session, asked) is None


def test_what_cannot_be_drawn_is_refused_by_name(open_session: OpenSession, institution: Institution) -> None:
    blueprint, manager, _ = people_of(open_session, institution)
    with open_session() as session:
        found = papers.find_blueprint(session, blueprint)
        found.spec = found.spec | {
            "rows": [{"name": "多选基础题", "type": "single_choice", "minimum": 2, "weight": 0.1}]
        }
        session.flush()
        with pytest.raises(DrawingRuleRefused, match="多选基础题"):
            papers.request_drawing(session, actor=manager, blueprint_id=blueprint, drawing=DRAWING, now=NOW)
        with pytest.raises(DrawingOutOfRange, match="forms"):
            papers.request_drawing(
                session, actor=manager, blueprint_id=blueprint, drawing=Drawing(20_000), now=NOW
            )
        spec = papers.spec_of(found).model_copy(update={"rows": ()})
        Drawing(10_000, 20.0).check(spec)
