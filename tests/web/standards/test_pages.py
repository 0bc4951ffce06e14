"""Standard setting as leaders, judges and readers meet it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from exam_engine.marking import service as marking
from exam_engine.papers import service as papers
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting import store
from exam_engine.standard_setting.models import Rating, Workshop
from exam_engine.standard_setting.rules import Method
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.factories.papers import LEVEL, make_bank
from tests.factories.people import NOW
from tests.factories.recognition import MARKED, World, answer_all, make_world
from tests.factories.standards import (
    DESCRIPTION,
    Panel,
    draft_of,
    hold_round,
    make_panel,
    make_paper,
    make_scale,
    open_round,
    rate,
)

LEADER = {"username": "standard-leader"}
JUDGE = {"username": "judge-2"}


@pytest.fixture
def paper_id(database: Database, institution: Institution) -> Any:
    return make_paper(lambda: database.session(scope=Scope.everything()), institution)


@pytest.fixture
def panel(database: Database, institution: Institution, paper_id: Any) -> Panel:
    """A workshop whose first round is open and whose judges have agreed."""
    with database.session(scope=Scope.everything()) as session:
        panel = make_panel(session, institution, draft_of(paper_id=paper_id))
        open_round(session, panel)
        return panel


def stems_of(database: Database, paper_id: Any) -> list[str]:
    with database.session(scope=Scope.everything(), writes=False) as session:
        view = papers.candidate_view(session, paper_id)
        return [entry.stem for section in view.sections for entry in section.entries]


def test_a_leader_makes_a_workshop_invites_and_opens(client, login, database, institution, paper_id) -> None:
    with database.session(scope=Scope.everything()) as session:  # so that there are judges to choose from
        make_panel(session, institution, draft_of(paper_id=paper_id))
    login(Role.PSYCHOMETRICIAN, **LEADER)
    form = client.get(f"/standards/new?paper_id={paper_id}").text
    made = client.post(
        "/standards",
        data={
            "name": "三级理论",
            "standard_method": "angoff",
            "description": DESCRIPTION,
            "rounds": "3",
            "paper_id": str(paper_id),
        },
    )
    page = made.headers["location"]
    candidates = re.findall(r'name="judges" value="([0-9a-f-]+)"', client.get(page).text)
    too_few = client.post(f"{page}/rounds/open")
    invited = client.post(f"{page}/judges", data={"judges": candidates[:3]})
    opened = client.post(f"{page}/rounds/open")

    assert f'value="{paper_id}" selected' in form
    assert made.status_code == 303
    assert too_few.status_code == 409
    assert "至少需要 2 名" in too_few.text
    assert invited.status_code == opened.status_code == 303
    assert "评判进行中" in client.get(page).text
    assert "结束第 1 轮" in client.get(page).text


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"description": "太短"}, "description", ""),
        ({"rounds": "9"}, "rounds", ""),
        ({"paper_id": ""}, "paper_id", "请选择一份已封存的试卷"),
        ({"paper_id": "x"}, "paper_id", ""),
        ({"paper_id": "", "bank": "x:9"}, "bank", ""),
        ({"standard_method": "bookmark"}, "scale_id", "书签法"),
        ({"standard_method": "contrasting"}, "sitting_id", "已阅卷的考试"),
        ({"with_questions": "true"}, "sitting_id", "Hofstee"),
        ({"response_probability": "NaN"}, "response_probability", ""),
    ],
)
def test_a_wrong_form_is_refused_beside_the_field_and_kept(
    client, login, paper_id, changes: dict[str, str], field: str, words: str
) -> None:
    login(Role.PAPER_MANAGER)
    sent = {
        "name": "保留的名称",
        "standard_method": "angoff",
        "description": DESCRIPTION,
        "rounds": "2",
        "paper_id": str(paper_id),
        **changes,
    }
    answer = client.post("/standards", data=sent)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert words in answer.text
    assert "保留的名称" in answer.text


def test_unknown_item_numbers_are_named(client, login, database, institution, paper_id) -> None:
    login(Role.PSYCHOMETRICIAN, **LEADER)
    [bank] = set(re.findall(r'value="([0-9a-f-]{36}:[1-5])"', client.get("/standards/new").text))
    sent = {
        "name": "题库",
        "standard_method": "yes_no",
        "description": DESCRIPTION,
        "bank": bank,
        "numbers": "1-2, 77777",
    }
    answer = client.post("/standards", data=sent)

    assert answer.status_code == 422
    assert "以下题号不是该职业、该等级已启用的试题：77777" in answer.text


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


def test_leaders_and_readers_never_read_an_item(client, login, panel: Panel, database, paper_id) -> None:
    stems = stems_of(database, paper_id)
    login(Role.PSYCHOMETRICIAN, **LEADER)
    seen = client.get(f"/standards/{panel.id}").text + client.get("/standards").text
    as_judge = client.get(f"/judging/{panel.id}/items")
    login(Role.EXAM_OFFICER)
    seen += client.get(f"/standards/{panel.id}").text

    assert not any(stem in seen for stem in stems)
    assert as_judge.status_code == 403
    assert client.get(f"/judging/{panel.id}").status_code == 403


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


def test_the_leader_follows_live_and_only_the_leader(client, login, database, panel: Panel) -> None:
    with database.session(scope=Scope.everything()) as session:
        rate(session, panel, panel.judges[0], [60] * 10)
        rate(session, panel, panel.judges[1], [70] * 10)
        rate(session, panel, panel.judges[2], [70] * 4)
    login(Role.PSYCHOMETRICIAN, **LEADER)
    url = f"/standards/{panel.id}"
    fragment = client.get(url, headers={"hx-request": "true"}).text
    whole = client.get(url).text
    refused = client.post(f"{url}/rounds/close")
    login(Role.PAPER_MANAGER)
    reader = client.get(url).text
    foreign = client.post(f"{url}/rounds/close")

    assert fragment.lstrip().startswith('<div id="live" hx-get=')
    assert "4 / 10" in fragment
    assert "65" in fragment
    assert "<html" not in fragment
    assert fragment.strip().splitlines()[0] in whole
    assert refused.status_code == 409
    assert "judge-3" in refused.text
    assert "hx-get" not in reader
    assert "4 / 10" not in reader
    assert foreign.status_code == 403


def test_excluding_needs_a_reason_and_both_results_are_shown(client, login, database, panel: Panel) -> None:
    with database.session(scope=Scope.everything()) as session:
        for judge, value in zip(panel.judges, (50, 60, 100), strict=True):
            rate(session, panel, judge, [value] * 10)
        judge_id = store.judges(session, panel.id)[2].id
    login(Role.PSYCHOMETRICIAN, **LEADER)
    url = f"/standards/{panel.id}"
    bare = client.post(f"{url}/judges/{judge_id}/exclude", data={"reason": " "})
    done = client.post(f"{url}/judges/{judge_id}/exclude", data={"reason": "全部填写同一数值"})
    client.post(f"{url}/rounds/close")
    closed = client.post(f"{url}/close")
    result = client.get(f"{url}/result").text

    assert bare.status_code == 422
    assert done.status_code == closed.status_code == 303
    assert "全部填写同一数值" in result
    assert ">55" in result
    assert "若计入被排除的专家，合格线为 70" in result
    assert "本系统未更改任何场次" in result


def test_a_second_person_records_and_everybody_exports(client, login, database, panel: Panel) -> None:
    with database.session(scope=Scope.everything()) as session:
        for judge in panel.judges:
            rate(session, panel, judge, [64] * 10)
        standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
        standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    url = f"/standards/{panel.id}"
    login(Role.PSYCHOMETRICIAN, **LEADER)
    own = client.post(f"{url}/record")
    login(Role.QUALITY_SUPERVISOR)
    waiting = client.get("/").text
    done = client.post(f"{url}/record")
    again = client.post(f"{url}/record")
    login(Role.EXAM_OFFICER)
    page = client.get(f"{url}/result").text
    files = {kind: client.get(f"{url}/result.{kind}") for kind in ("json", "csv", "xlsx")}

    assert own.status_code == 403
    assert "待确认记录的合格线设定结果" in waiting
    assert done.status_code == 303
    assert again.status_code == 409
    assert "未被改动" in page
    assert json.loads(files["json"].content)["figures"]["cut"]["score"] == pytest.approx(64)
    assert files["csv"].text.startswith("\ufeffround,judge")
    assert files["xlsx"].content[:2] == b"PK"
    assert client.post(f"{url}/record").status_code == 403


def test_a_result_that_was_altered_says_so(client, login, database, panel: Panel) -> None:
    with database.session(scope=Scope.everything()) as session:
        for judge in panel.judges:
            rate(session, panel, judge, [64] * 10)
        standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
        workshop = standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
        altered = json.loads(json.dumps(workshop.result))
        altered["figures"]["cut"]["score"] = 50.0
    with database.session(scope=Scope.everything()) as session:
        session.get_one(Workshop, panel.id).result = altered
    login(Role.QUALITY_SUPERVISOR)

    assert "冻结后被改动" in client.get(f"/standards/{panel.id}/result").text


@pytest.fixture
def world(database: Database, institution: Institution) -> World:
    with database.session(scope=Scope.everything()) as session:
        world = make_world(session, names=("张伟", "王小明", "李静"), institution=institution)
        answer_all(session, world, right=(6, 4, 2))
        marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
        return world


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
