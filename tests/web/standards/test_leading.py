"""Standard setting as leaders and readers meet it."""

from __future__ import annotations

import json
import re

import pytest

from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting import store
from exam_engine.standard_setting.models import Workshop
from itembank.base.db import Scope
from itembank.people.rules import Role
from itembank.taxonomy.models import Occupation
from tests.factories.people import NOW
from tests.factories.standards import (
    DESCRIPTION,
    Panel,
    draft_of,
    make_panel,
    plan_sitting,
    rate,
    stems_of,
)

LEADER = {"username": "standard-leader"}
JUDGE = {"username": "judge-2"}


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
    assert "由制定计划的人员在场次页面上决定" in result


def test_an_exclusion_is_withdrawn_with_a_reason(client, login, database, panel: Panel) -> None:
    with database.session(scope=Scope.everything()) as session:
        judge_id = store.judges(session, panel.id)[2].id
    login(Role.PSYCHOMETRICIAN, **LEADER)
    judge = f"/standards/{panel.id}/judges/{judge_id}"
    too_soon = client.post(f"{judge}/readmit", data={"reason": "本人一直在场"})
    client.post(f"{judge}/exclude", data={"reason": "以为她已离场"})
    offered = client.get(f"/standards/{panel.id}").text
    bare = client.post(f"{judge}/readmit", data={"reason": ""})
    done = client.post(f"{judge}/readmit", data={"reason": "本人一直在场"})
    page = client.get(f"/standards/{panel.id}").text

    assert too_soon.status_code == 409
    assert f"{judge}/readmit" in offered
    assert bare.status_code == 422
    assert done.status_code == 303
    assert "曾被排除（以为她已离场），后恢复：本人一直在场" in page


def test_a_recorded_result_is_offered_where_a_pass_mark_is_typed(
    client, login, database, institution, panel: Panel
) -> None:
    with database.session(scope=Scope.everything()) as session:
        occupation = session.get_one(Occupation, panel.workshop.occupation_id)
        plan, sitting = plan_sitting(session, institution, occupation)
        for judge, value in zip(panel.judges, (62, 62, 63), strict=True):
            rate(session, panel, judge, [value] * 10)
        standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
        standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
        url = f"/plans/{plan.id}/sittings/{sitting.id}"
    login(Role.EXAM_OFFICER)
    chosen = {"workshop_id": str(panel.id)}
    unrecorded = client.post(f"{url}/pass-mark", data=chosen)
    with database.session(scope=Scope.everything()) as session:
        standards.record_result(session, actor=panel.second, workshop_id=panel.id, now=NOW)
    offered = client.get(url).text
    wrong = client.post(f"{url}/pass-mark", data={"workshop_id": "x"})
    taken = client.post(f"{url}/pass-mark", data=chosen)
    page = client.get(url).text
    report = client.get(f"/standards/{panel.id}/result").text

    assert unrecorded.status_code == 409
    assert "请选择同一职业、同一等级且已确认记录的结果" in unrecorded.text
    assert "以 62.5 分为合格分数" in offered
    assert wrong.status_code == 422
    assert taken.status_code == 303
    assert 'value="62.5"' in page
    assert f"/standards/{panel.id}/result" in page
    assert url in report


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


def test_another_leader_takes_over_with_a_reason(client, login, panel: Panel) -> None:
    login(Role.PAPER_MANAGER)
    url = f"/standards/{panel.id}"
    offered = client.get(url).text
    bare = client.post(f"{url}/lead", data={"reason": ""})
    done = client.post(f"{url}/lead", data={"reason": "原主持人病假"})

    assert "接替standard-leader担任主持人" in offered
    assert bare.status_code == 422
    assert done.status_code == 303
    assert "结束第 1 轮" in client.get(url).text
    login(Role.PSYCHOMETRICIAN, **LEADER)
    assert client.post(f"{url}/rounds/close").status_code == 403
