"""Standard setting as its judges meet it."""

from __future__ import annotations

from sqlalchemy import select

from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting import store
from exam_engine.standard_setting.models import Rating
from exam_engine.standard_setting.rules import Method
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.people.rules import Role
from tests.factories.papers import LEVEL, make_bank
from tests.factories.people import NOW
from tests.factories.recognition import World
from tests.factories.standards import (
    Panel,
    draft_of,
    hold_round,
    make_panel,
    make_scale,
    open_round,
    rate,
    stems_of,
)

LEADER = {"username": "standard-leader"}
JUDGE = {"username": "judge-2"}


def test_a_judge_rates_item_by_item_without_scripts(client, login, panel: Panel, database, paper_id) -> None:
    login(Role.REVIEWER, **JUDGE)
    base = f"/judging/{panel.id}"
    stems = stems_of(database, paper_id)
    home = client.get("/").text
    first = client.get(f"{base}/items/1").text
    moved = client.post(f"{base}/ratings", data={"r-1": "65", "then": "2", "at": "1"})
    kept = client.get(f"{base}/items/1").text
    client.post(f"{base}/ratings", data={f"r-{n}": "50" for n in range(2, 11)} | {"then": "done"})

    assert "待评判的合格线设定轮次" in home
    assert stems[0] in first
    assert stems[1] not in first
    assert moved.headers["location"] == f"{base}/items/2"
    assert 'value="65"' in kept
    assert "您已全部评判完毕" in client.get(base).text
    assert "待评判的合格线设定轮次" not in client.get("/").text


def test_a_script_saves_at_each_change(client, login, panel: Panel, database: Database) -> None:
    login(Role.REVIEWER, **JUDGE)
    url, as_json = f"/judging/{panel.id}/ratings", {"accept": "application/json"}
    saved = client.post(url, data={"r-3": "70"}, headers=as_json)
    again = client.post(url, data={"r-3": "75"}, headers=as_json)
    wrong = client.post(url, data={"r-3": "175"}, headers=as_json)
    gone = client.post(url, data={"r-3": ""}, headers=as_json)

    assert saved.json() == again.json() == {"rated": 1, "count": 10}
    assert wrong.status_code == 422
    assert wrong.json()["code"] == "standard_rating_invalid"
    assert "第 3 项" in wrong.json()["message"]
    assert gone.json() == {"rated": 0, "count": 10}
    with database.session(scope=Scope.everything()) as session:
        assert session.scalars(select(Rating)).all() == []


def test_a_wrong_rating_stays_on_the_page_with_its_error(client, login, panel: Panel) -> None:
    login(Role.REVIEWER, **JUDGE)
    base = f"/judging/{panel.id}"
    table = client.post(f"{base}/ratings", data={"r-1": "50", "r-2": "一百"})
    single = client.post(f"{base}/ratings", data={"r-2": "101", "at": "2", "then": "3"})

    assert table.status_code == single.status_code == 422
    for answer in (table, single):
        assert 'id="r-2-error"' in answer.text
    assert 'value="一百"' in table.text
    assert 'value="50"' in table.text
    assert 'value="101"' in single.text


def test_a_judge_reads_no_item_before_agreeing_nor_after_closing(
    client, login, database, institution, paper_id
) -> None:
    with database.session(scope=Scope.everything()) as session:
        panel = make_panel(session, institution, draft_of(paper_id=paper_id))
    login(Role.REVIEWER, **JUDGE)
    base = f"/judging/{panel.id}"
    assert client.get(base).status_code == 404  # a draft is the leader's
    with database.session(scope=Scope.everything()) as session:
        standards.open_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    before = client.get(f"{base}/items")
    agreed = client.post(f"{base}/agree")
    during = client.get(f"{base}/items")
    with database.session(scope=Scope.everything()) as session:
        for judge in panel.judges:
            standards.agree(session, actor=judge, workshop_id=panel.id, now=NOW)
            rate(session, panel, judge, [60] * 10)
        standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    after = client.get(f"{base}/items")
    feedback = client.get(f"{base}/rounds/1")

    assert before.status_code == 409
    assert agreed.headers["location"] == f"{base}/items"
    assert during.status_code == 200
    assert after.status_code == 409
    assert feedback.status_code == 200
    stems = stems_of(database, paper_id)
    assert all(stem in during.text for stem in stems)
    assert not any(stem in before.text + after.text + feedback.text for stem in stems)


def test_the_key_is_on_the_page_only_where_the_leader_decided_so(
    client, login, database, institution, panel: Panel, paper_id
) -> None:
    with database.session(scope=Scope.everything()) as session:
        shown = make_panel(session, institution, draft_of(paper_id=paper_id, with_key=True))
        open_round(session, shown)
    login(Role.REVIEWER, **JUDGE)

    assert "option-key" not in client.get(f"/judging/{panel.id}/items").text
    assert "option-key" in client.get(f"/judging/{shown.id}/items").text


def test_feedback_carries_no_names_and_marks_the_own_cut(client, login, database, panel: Panel) -> None:
    with database.session(scope=Scope.everything()) as session:
        for judge, value in zip(panel.judges, (40, 60, 80), strict=True):
            rate(session, panel, judge, [value] * 10)
        standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    login(Role.REVIEWER, **JUDGE)
    page = client.get(f"/judging/{panel.id}/rounds/1").text

    assert "judge-3" not in page
    assert "bank-writer" not in page
    assert ">您<" in page
    assert "60 by regulation" not in page


def test_candidates_are_judged_by_name_and_the_questions_follow(
    client, login, database, institution, world: World
) -> None:

    with database.session(scope=Scope.everything()) as session:
        draft = draft_of(Method.BORDERLINE, sitting_id=world.theory.id, with_questions=True)
        panel = make_panel(session, institution, draft)
        open_round(session, panel)
    login(Role.REVIEWER, **JUDGE)
    base = f"/judging/{panel.id}"
    page = client.get(f"{base}/candidates").text
    client.post(f"{base}/ratings", data={"r-1": "2", "r-2": "1", "r-3": "0"})
    assert client.get(f"{base}/items").status_code == 404
    assert client.get(f"{base}/questions").status_code == 404
    with database.session(scope=Scope.everything()) as session:
        for judge in panel.judges:
            rate(session, panel, judge, [2, 1, 0])
        standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
        standards.open_questions(session, actor=panel.leader, workshop_id=panel.id)
    feedback = client.get(f"{base}/rounds/1").text
    wrong = client.post(
        f"{base}/questions",
        data={"lowest_cut": "70", "highest_cut": "60", "lowest_fail": "5", "highest_fail": "40"},
    )
    right = client.post(
        f"{base}/questions",
        data={"lowest_cut": "50", "highest_cut": "70", "lowest_fail": "5", "highest_fail": "40"},
    )

    assert "张伟" in page
    assert "66.67" not in page
    assert "66.7" in feedback  # the median of the border group is the second candidate's score
    assert wrong.status_code == 422
    assert 'id="highest_cut-error"' in wrong.text
    assert right.status_code == 303
    login(Role.PSYCHOMETRICIAN, **LEADER)
    assert "已回答问卷" in client.get(f"/standards/{panel.id}").text


def test_a_booklet_takes_one_bookmark(client, login, database, institution) -> None:
    with database.session(scope=Scope.everything()) as session:
        occupation = make_bank(session, institution)
        chosen = list(session.scalars(select(Item.id).where(Item.number <= 6).order_by(Item.number)))
        scale = make_scale(session, chosen, institution, occupation.id)
        draft = draft_of(Method.BOOKMARK, bank=(occupation.id, LEVEL.value), numbers="1-6", scale_id=scale.id)
        panel = make_panel(session, institution, draft)
        open_round(session, panel)
    login(Role.REVIEWER, **JUDGE)
    base = f"/judging/{panel.id}"
    page = client.get(f"{base}/items").text
    client.post(f"{base}/ratings", data={"r-0": "4", "then": "done"})
    wrong = client.post(f"{base}/ratings", data={"r-0": "9"})

    assert page.count('name="r-0"') == 7
    assert "0.67" in page
    assert client.get(f"{base}/items/1").status_code == 404
    assert 'value="4" checked' in client.get(f"{base}/items").text
    assert wrong.status_code == 422
    assert 'id="r-0-error"' in wrong.text


def test_the_second_round_offers_to_keep_the_first(client, login, database, institution, paper_id) -> None:
    with database.session(scope=Scope.everything()) as session:
        panel = make_panel(session, institution, draft_of(paper_id=paper_id))
        hold_round(session, panel, [[40] * 10, [60] * 10, [80] * 10])
        open_round(session, panel)
    login(Role.REVIEWER, **JUDGE)
    base = f"/judging/{panel.id}"
    before = client.get(f"{base}/items/1").text
    kept = client.post(f"{base}/keep")

    assert "沿用我上一轮的评判" in before
    assert "全组平均" in before
    assert kept.status_code == 303
    assert "10" in client.get(f"{base}/items").text
    assert "沿用我上一轮的评判" not in client.get(f"{base}/items").text


def test_an_excluded_judge_is_turned_away(client, login, database, panel: Panel) -> None:
    with database.session(scope=Scope.everything()) as session:
        judge = store.judges(session, panel.id)[1]
        standards.exclude_judge(
            session, actor=panel.leader, workshop_id=panel.id, judge_id=judge.id, reason="未参加培训", now=NOW
        )
    login(Role.REVIEWER, **JUDGE)
    base = f"/judging/{panel.id}"

    assert client.get(f"{base}/items").status_code == 403
    assert client.post(f"{base}/ratings", data={"r-1": "50"}).status_code == 403
    assert "您已不再参加" in client.get(base).text
