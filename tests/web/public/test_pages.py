"""What anybody can see: notices and the check of certificates."""

from __future__ import annotations

import pytest

from exam_engine.certificates import service as certificates
from itembank.base.db import Database, Scope
from itembank.base.fonts import FontMissing, find_fonts
from itembank.people import service as people
from itembank.people.rules import SYSTEM
from tests.factories.recognition import OVER, approve_all, make_world, publish, release_all
from web.public import routes
from web.security import Limiter


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "verifications", Limiter("verification", limit=30, seconds=60))
    monkeypatch.setattr(routes, "objections", Limiter("objection", limit=10, seconds=600))


@pytest.fixture
def issued(database: Database) -> dict[str, str]:
    try:
        fonts = find_fonts()
    except FontMissing as missing:
        pytest.skip(str(missing))
    with database.session(scope=Scope.everything()) as session:
        world = make_world(session)
        view = publish(session, world, right=(6, 6, 6))
        approve_all(session, world)
        first, *_ = certificates.issue_certificates(
            session, actor=SYSTEM, plan_id=world.plan.id, fonts=fonts, now=OVER
        )
        return {
            "number": first.number,
            "address": certificates.verify_address(session, first.id, public_url=""),
            "slug": view.notice.slug,
            "id": str(first.id),
        }


def test_number_and_name_show_the_true_record(client, issued) -> None:
    answer = client.post("/verify", data={"number": issued["number"], "name": "张伟"})

    assert answer.status_code == 200
    for part in (
        "有效",
        "张伟",
        "620***",
        issued["number"],
        "三级/高级工",
        "示范智能科技有限公司",
        "2026年3月10日",
    ):
        assert part in answer.text


def test_the_qr_code_shows_the_true_record(client, issued) -> None:
    answer = client.get(issued["address"])

    assert answer.status_code == 200
    assert issued["number"] in answer.text


def test_whatever_does_not_match_gets_one_answer(client, issued) -> None:
    wrong_name = client.post("/verify", data={"number": issued["number"], "name": "王小明"})
    wrong_number = client.post("/verify", data={"number": issued["number"][:-1] + "9", "name": "张伟"})
    malformed = client.post("/verify", data={"number": "<script>", "name": "张伟"})
    token = client.get("/verify/AAAAAAAAAAAAAAAAAAAAAA")

    assert {answer.status_code for answer in (wrong_name, wrong_number, malformed, token)} == {404}
    assert all("未查到该证书" in answer.text for answer in (wrong_name, wrong_number, malformed, token))

    def skeleton(text: str, *typed: str) -> str:
        for word in typed:
            text = text.replace(word, "")
        return text

    assert skeleton(wrong_name.text, issued["number"], "王小明") == skeleton(
        wrong_number.text, issued["number"][:-1] + "9", "张伟"
    )
    assert "<script>" not in malformed.text.replace("<script src", "")


def test_guessing_is_slowed_down(client, issued) -> None:
    codes = [client.post("/verify", data={"number": "Y", "name": "张"}).status_code for _ in range(31)]

    assert codes == [404] * 30 + [429]


def test_an_empty_form_is_shown_again(client, database: Database) -> None:
    assert client.get("/verify").status_code == 200
    assert client.post("/verify", data={}).status_code == 422


def test_the_notice_is_open_to_everybody_and_masked(client, issued) -> None:
    listed = client.get("/public/notices").text
    page = client.get(f"/public/notices/{issued['slug']}").text

    assert issued["slug"] in listed
    assert "王**" in page
    assert "王小明" not in page
    assert client.get("/public/notices/nothing").status_code == 404


def test_an_objection_after_the_period_is_refused(client, issued) -> None:
    # The world's notice ended in March 2026; the machine's clock is later.
    answer = client.post(f"/public/notices/{issued['slug']}/objections", data={"ground": "此人未参加考试"})

    assert answer.status_code == 409
    assert "异议受理截止" in answer.text


def test_candidates_see_their_own_released_results_only(client, database: Database) -> None:
    with database.session(scope=Scope.everything()) as session:
        world = make_world(session, names=("张伟", "王小明"))
        document = people.read_person(session, world.candidates[0].person_id).document_number
        other = people.read_person(session, world.candidates[1].person_id).document_number
        ticket = world.candidates[0].ticket_number

    def ask(ticket: str, document: str):  # type: ignore[no-untyped-def]
        return client.post("/public/results", data={"ticket": ticket, "document": document})

    assert "尚未发布" in ask(ticket, document).text
    with database.session(scope=Scope.everything()) as session:
        release_all(session, world, right=(4, 6))
    mine = ask(f" {ticket} ", document.lower())
    assert mine.status_code == 200
    assert "66.67" in mine.text
    assert document not in mine.text
    wrong = [ask(ticket, other), ask("0" * 19, document), ask("<b>", "'")]
    assert {answer.status_code for answer in wrong} == {404}
    assert not any("66.67" in answer.text for answer in wrong)
