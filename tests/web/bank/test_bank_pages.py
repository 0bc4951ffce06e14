"""The bank's pages as writers, reviewers and paper managers meet them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from itembank.base import audit
from itembank.base.db import Database, Scope
from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import ItemDraft, ItemStatus, ItemType
from itembank.items.service import ItemFilter
from itembank.people.models import Institution
from itembank.people.rules import Role
from itembank.review import service as review
from itembank.review.rules import Verdict
from itembank.taxonomy import service as taxonomy
from tests.factories.bank import content, make_actor, make_item, make_occupation, make_outline
from tests.factories.people import NOW, make_institution


class Bank:
    """An outline with six points, and drafts of one writer: three placed, one not."""

    def __init__(self, database: Database, institution: Institution) -> None:
        self.database = database
        with database.session(scope=Scope.everything()) as session:
            self.writer = make_actor(session, institution, username="writer")
            self.reviewer = make_actor(session, institution, Role.REVIEWER, username="reviewer")
            self.manager = make_actor(session, institution, Role.PAPER_MANAGER, username="manager")
            self.occupation = make_occupation(session)
            self.outline = make_outline(session, self.writer)
            tree = taxonomy.outline_tree(session, self.outline.id)
            self.points = tree.points
            self.placed = [
                make_item(
                    session, self.writer, occupation=self.occupation, point_id=point.id, stem=f"题干甲{n}"
                )
                for n, point in enumerate(tree.points[:3], 1)
            ]
            self.loose = make_item(
                session, self.writer, occupation=self.occupation, stem="未归类题干", reference="R-1"
            )
        self.key = f"{self.occupation.id}:4"

    def submit(self) -> None:
        with self.database.session(scope=Scope.everything()) as session:
            ids = [item.id for item in self.placed]
            review.submit_for_review(session, actor=self.writer, item_ids=ids, now=NOW)

    def item(self, item: Item) -> Item:
        with self.database.session(scope=Scope.everything()) as session:
            return items.find_item(session, item.id)

    def statuses(self) -> list[ItemStatus]:
        return [self.item(item).status for item in self.placed]

    def form(self, **values: Any) -> dict[str, Any]:
        return {
            "type": "single_choice",
            "occupation_id": str(self.occupation.id),
            "level": "4",
            "stem": "导体电阻由什么决定（　）。",
            "option": ["长度", "截面积", "材料", ""],
            "key": ["A"],
            "point_id": str(self.points[0].id),
            "difficulty": "3",
            **values,
        }


@pytest.fixture
def bank(database: Database, institution: Institution) -> Bank:
    return Bank(database, institution)


@pytest.fixture
def as_writer(login: Any, bank: Bank) -> None:
    login(Role.ITEM_WRITER, username="writer")


@pytest.fixture
def as_reviewer(login: Any, bank: Bank) -> None:
    login(Role.REVIEWER, username="reviewer")


# --- lists ---------------------------------------------------------------------------------------------------


def test_an_empty_bank_says_how_to_begin(client: TestClient, login: Any) -> None:
    login(Role.ITEM_WRITER, Role.REVIEWER, Role.PAPER_MANAGER)

    assert "题库中还没有试题" in client.get("/bank/items").text
    assert "没有待您审核的试题" in client.get("/bank/review").text
    assert "没有待归类的试题" in client.get("/bank/placement").text
    assert "还没有鉴定要素细目表" in client.get("/bank/taxonomy").text
    assert client.get("/bank/items/new").status_code == 200


@pytest.mark.usefixtures("as_writer")
def test_the_list_filters_and_searches(client: TestClient, bank: Bank) -> None:
    everything = client.get("/bank/items").text
    node = re.search(
        r'<option value="([0-9a-f-]{36})">A 基础知识', client.get(f"/bank/items?bank={bank.key}").text
    )
    assert node

    assert all(f"题干甲{n}" in everything for n in (1, 2, 3))
    assert "未归类题干" in everything
    assert "题干甲" not in client.get("/bank/items?unclassified=1").text
    assert "题干甲2" in client.get("/bank/items?q=甲2").text
    assert "题干甲1" not in client.get("/bank/items?q=甲2").text
    assert "未归类题干" not in client.get(f"/bank/items?bank={bank.key}&node={node[1]}").text
    assert "没有符合条件的试题" in client.get("/bank/items?status=active").text


@pytest.mark.usefixtures("as_writer")
@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=x",
        "page=99999999999",
        "status=nonsense&type=1&sort=%01",
        "bank=x:y",
        "bank=:",
        "node=1",
    ]
    + [
        "node=01900000-0000-7000-8000-000000000000",
        "difficulty=9",
        "importance=Q",
        "q=%F0%9F%98%80%27%22%3C",
    ],
)
def test_a_senseless_address_is_a_page_not_a_crash(client: TestClient, query: str) -> None:
    assert client.get(f"/bank/items?{query}").status_code == 200


def test_keys_are_shown_only_to_those_who_judge_content(client: TestClient, login: Any, bank: Bank) -> None:
    login(Role.PAPER_MANAGER)
    page = client.get(f"/bank/items/{bank.placed[0].id}").text
    exported = client.post("/bank/items/bulk", data={"action": "export", "everything": "1"})

    assert "option-key" not in page
    assert exported.text.startswith("\ufeff")
    assert "答案" not in exported.text
    login(Role.ITEM_WRITER)
    assert "option-key" in client.get(f"/bank/items/{bank.placed[0].id}").text
    with_keys = client.post("/bank/items/bulk", data={"action": "export", "everything": "1"})
    assert "答案" in with_keys.text
    with bank.database.session(scope=Scope.everything()) as session:
        entries = audit.entries(session, institutions=None, before=None, action="item.exported", limit=5)
        assert [entry.detail for entry in entries] == [
            {"count": 4, "with_keys": True},
            {"count": 4, "with_keys": False},
        ]


def test_an_exported_cell_is_never_a_formula(
    client: TestClient, login: Any, bank: Bank, database: Database
) -> None:
    with database.session(scope=Scope.everything()) as session:
        make_item(session, bank.writer, occupation=bank.occupation, stem="=HYPERLINK(1)")
    login(Role.PAPER_MANAGER)

    exported = client.post("/bank/items/bulk", data={"action": "export", "everything": "1"}).text

    assert ",'=HYPERLINK(1)," in exported


def test_another_institution_sees_none_of_it(
    client: TestClient, login: Any, bank: Bank, database: Database
) -> None:
    with database.session(scope=Scope.everything()) as session:
        other = make_institution(session)
    login(Role.ITEM_WRITER, Role.REVIEWER, Role.PAPER_MANAGER, institution=other)

    assert "题干甲" not in client.get("/bank/items").text
    assert "还没有鉴定要素细目表" in client.get("/bank/taxonomy").text
    assert client.get(f"/bank/items/{bank.placed[0].id}").status_code == 404
    assert client.get(f"/bank/items/{bank.placed[0].id}/edit").status_code == 404
    assert client.get(f"/bank/taxonomy/outlines/{bank.outline.id}").status_code == 404
    stolen = {"action": "retire", "item": str(bank.placed[0].id)}
    client.post("/bank/items/bulk", data=stolen)
    assert bank.item(bank.placed[0]).status is ItemStatus.DRAFT


# --- bulk actions --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("as_writer")
def test_bulk_submission_names_what_it_leaves(client: TestClient, bank: Bank) -> None:
    answer = client.post("/bank/items/bulk", data={"action": "submit", "everything": "1"})

    assert answer.status_code == 200
    assert "已处理 3 题" in answer.text
    assert "尚未归入鉴定点" in answer.text
    assert bank.statuses() == [ItemStatus.IN_REVIEW] * 3


@pytest.mark.usefixtures("as_writer")
def test_a_bulk_action_without_items_or_sense_is_refused(client: TestClient, bank: Bank) -> None:
    assert "至少选择一道" in client.post("/bank/items/bulk", data={"action": "submit"}).text
    assert client.post("/bank/items/bulk", data={"action": "explode", "everything": "1"}).status_code == 422
    assert client.post("/bank/items/bulk", data={"action": "submit", "item": "x"}).status_code == 422
    # A writer's role does not carry approval.
    assert client.post("/bank/items/bulk", data={"action": "approve", "everything": "1"}).status_code == 403


@pytest.mark.usefixtures("as_writer")
def test_enemies_are_made_and_dissolved(client: TestClient, bank: Bank) -> None:
    chosen = {"action": "enemies", "item": [str(item.id) for item in bank.placed[:2]]}

    assert "为该组命名" in client.post("/bank/items/bulk", data=chosen).text
    assert client.post("/bank/items/bulk", data={**chosen, "name": "同一电路"}).status_code == 303
    page = client.get(f"/bank/items/{bank.placed[0].id}").text
    assert "同一电路" in page
    address = re.search(r'action="(/bank/items/[^"]+/enemies/[^"]+/remove)"', page)
    assert address
    client.post(address[1])
    assert "同一电路" not in client.get(f"/bank/items/{bank.placed[0].id}").text


# --- writing -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("as_writer")
def test_an_item_is_written_and_submitted(client: TestClient, bank: Bank) -> None:
    answer = client.post("/bank/items/new", data=bank.form(do="submit"))
    page = client.get(answer.headers["location"]).text

    assert answer.status_code == 303
    assert "导体电阻由什么决定" in page
    assert "待审核" in page


@pytest.mark.usefixtures("as_writer")
def test_errors_stand_beside_their_fields_and_the_input_is_kept(client: TestClient, bank: Bank) -> None:
    sent = bank.form(option=["长度", "长度", "材料", ""], key=[], do="save", explanation="保留这句")
    answer = client.post("/bank/items/new", data=sent)

    assert answer.status_code == 422
    assert "选项 A 与选项 B 内容相同" in answer.text
    assert "尚未标记正确答案" in answer.text
    assert "保留这句" in answer.text
    assert "导体电阻由什么决定" in answer.text


@pytest.mark.usefixtures("as_writer")
def test_submission_without_a_point_is_refused_and_nothing_is_saved(client: TestClient, bank: Bank) -> None:
    answer = client.post("/bank/items/new", data=bank.form(do="submit", point_id=""))

    assert answer.status_code == 422
    assert "尚未归入鉴定点" in answer.text
    with bank.database.session(scope=Scope.everything()) as session:
        assert items.count_items(session, ItemFilter()) == 4


@pytest.mark.usefixtures("as_writer")
@pytest.mark.parametrize(
    "wrong",
    [
        {"occupation_id": "x"},
        {"occupation_id": "01900000-0000-7000-8000-000000000000"},
        {"level": "7"},
        {"level": "3"},
        {"point_id": "01900000-0000-7000-8000-000000000000"},
        {"difficulty": "9"},
        {"type": "essay"},
        {"importance": "W"},
        {"key": ["Q"]},
        {"option": []},
        {"option": ["甲"] * 40},
        {"reference": "长" * 81},
        {"stem": "\x01"},
    ],
)
def test_wrong_input_is_refused_by_field_never_a_crash(
    client: TestClient, bank: Bank, wrong: dict[str, Any]
) -> None:
    answer = client.post("/bank/items/new", data=bank.form(do="save", **wrong))

    assert answer.status_code == 422
    assert "field-error" in answer.text or "alert-danger" in answer.text


@pytest.mark.usefixtures("as_writer")
def test_the_form_works_without_scripts(client: TestClient, bank: Bank) -> None:
    def options(text: str) -> int:
        return text.count('class="option-edit"')

    added = client.post("/bank/items/new", data=bank.form(do="add")).text
    removed = client.post("/bank/items/new", data=bank.form(do="remove:A", key=["C"])).text
    judged = client.post("/bank/items/new", data=bank.form(do="type:true_false")).text
    previewed = client.post("/bank/items/new", data=bank.form(do="preview", stem="$R=U/I$")).text

    assert options(added) == 5
    assert options(removed) == 3
    # The key moves with its option: C has become B.
    assert re.search(r'name="key" value="B" checked', removed)
    assert "该说法" in judged
    assert "<math" in previewed


@pytest.mark.usefixtures("as_writer")
def test_editing_an_active_item_sends_it_to_review_again(client: TestClient, bank: Bank, login: Any) -> None:
    bank.submit()
    with bank.database.session(scope=Scope.everything()) as session:
        ids = [item.id for item in bank.placed]
        review.decide(
            session, actor=bank.reviewer, item_ids=ids, verdict=Verdict.APPROVE, now=NOW
        ).check_all_done()
    item = bank.placed[0]
    form_page = client.get(f"/bank/items/{item.id}/edit").text
    answer = client.post(f"/bank/items/{item.id}/edit", data=bank.form(do="save"))

    assert "保存后生成新版本" in form_page
    assert answer.status_code == 303
    assert bank.item(item).status is ItemStatus.IN_REVIEW
    assert "第 2 版" in client.get(f"/bank/items/{item.id}").text
    assert "该版本已被替换" in client.get(f"/bank/items/{item.id}?version=1").text


@pytest.mark.usefixtures("as_writer")
def test_two_writers_do_not_overwrite_each_other_unawares(client: TestClient, bank: Bank) -> None:
    address = f"/bank/items/{bank.placed[0].id}/edit"
    opened = re.search(r'name="seen" value="([^"]+)"', client.get(address).text)
    assert opened
    first = client.post(address, data=bank.form(do="save", stem="先保存的题干", seen=opened[1]))
    second = client.post(address, data=bank.form(do="save", stem="后保存的题干", seen=opened[1]))
    told = re.search(r'name="seen" value="([^"]+)"', second.text)
    assert told
    again = client.post(address, data=bank.form(do="save", stem="后保存的题干", seen=told[1]))

    assert first.status_code == 303
    assert second.status_code == 422
    assert "已由他人保存了新版本" in second.text
    assert "后保存的题干" in second.text
    assert again.status_code == 303
    assert "第 3 版" in client.get(f"/bank/items/{bank.placed[0].id}").text


@pytest.mark.usefixtures("as_writer")
def test_a_retired_item_is_not_edited(client: TestClient, bank: Bank) -> None:
    address = f"/bank/items/{bank.loose.id}"
    client.post(f"{address}/status", data={"change": "retire"})

    assert bank.item(bank.loose).status is ItemStatus.RETIRED
    assert client.get(f"{address}/edit").status_code == 409
    assert client.post(f"{address}/edit", data=bank.form(do="save")).status_code == 422
    assert client.post(f"{address}/status", data={"change": "submit"}).status_code == 409
    assert client.post(f"{address}/status", data={"change": "approve"}).status_code == 422
    assert client.post(f"{address}/status", data={"change": "suspend"}).status_code == 403


# --- review --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("as_reviewer")
def test_a_reviewer_goes_through_the_queue(client: TestClient, bank: Bank) -> None:
    bank.submit()
    first, second, _third = bank.placed
    page = client.get(f"/bank/review/{first.id}").text
    version = re.search(r'name="version" value="([^"]+)"', page)
    assert version
    no_reason = client.post(f"/bank/review/{first.id}", data={"verdict": "send_back", "version": version[1]})
    approved = client.post(f"/bank/review/{first.id}", data={"verdict": "approve", "version": version[1]})
    stale = client.post(f"/bank/review/{second.id}", data={"verdict": "approve", "version": version[1]})
    back = {
        "verdict": "send_back",
        "version": str(bank.item(second).current_version_id),
        "comment": "题干有歧义",
    }
    returned = client.post(f"/bank/review/{second.id}", data=back)

    assert "待审第 1 题，共 3 题" in page
    assert no_reason.status_code == 422
    assert "请写明需要修改之处" in no_reason.text
    assert approved.headers["location"] == f"/bank/review/{second.id}"
    assert stale.status_code == 422
    assert "又有修改" in stale.text
    assert returned.headers["location"] == f"/bank/review/{bank.placed[2].id}"
    assert bank.statuses() == [ItemStatus.ACTIVE, ItemStatus.DRAFT, ItemStatus.IN_REVIEW]
    assert "题干有歧义" in client.get(f"/bank/items/{second.id}").text


@pytest.mark.usefixtures("as_reviewer")
def test_many_items_are_approved_at_once(client: TestClient, bank: Bank) -> None:
    bank.submit()
    assert client.get("/").text.count("/bank/review") >= 2  # in the navigation, and as something that waits
    answer = client.post("/bank/review", data={"action": "approve", "everything": "1"})

    assert answer.status_code == 303
    assert bank.statuses() == [ItemStatus.ACTIVE] * 3
    assert client.post("/bank/review", data={"action": "retire", "everything": "1"}).status_code == 422


def test_nobody_approves_what_they_wrote(client: TestClient, login: Any, bank: Bank) -> None:
    bank.submit()
    login(Role.REVIEWER, username="writer")
    chosen = [str(item.id) for item in bank.placed]
    seen = [f"{item.id}:{item.current_version_id}" for item in bank.placed]
    queue = client.get("/bank/review").text
    bulk = client.post("/bank/items/bulk", data={"action": "approve", "item": chosen, "seen": seen})

    assert "另有 3 道待审核试题由您编写或导入" in queue
    assert "须由另一人审核" in bulk.text
    assert bank.statuses() == [ItemStatus.IN_REVIEW] * 3


# --- placement -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("as_writer")
def test_selected_items_are_placed(client: TestClient, bank: Bank) -> None:
    page = client.get("/bank/placement").text
    chooser = client.post("/bank/items/bulk", data={"action": "place", "item": str(bank.loose.id)}).text
    data = {"item": str(bank.loose.id), "bank": bank.key}
    without_point = client.post("/bank/placement", data=data)
    placed = client.post("/bank/placement", data={**data, "point_id": str(bank.points[5].id)})

    assert "未归类题干" in page
    assert "鉴定点6" in chooser
    assert without_point.status_code == 422
    assert placed.status_code == 303
    assert bank.item(bank.loose).point_id == bank.points[5].id


def sheet(text: str) -> dict[str, Any]:
    return {"sheet": ("placement.csv", text.encode("gb18030"), "text/csv")}


@pytest.mark.usefixtures("as_writer")
def test_a_sheet_places_all_rows_or_none(client: TestClient, bank: Bank) -> None:
    data = {"bank": bank.key}
    bad = client.post(
        "/bank/placement/sheet",
        data=data,
        files=sheet("来源编号,题号,鉴定点代码\nR-1,,006\nR-9,,001\n,2,999\n,,001\n,2,A-A-A-001\n"),
    )
    unplaced = bank.item(bank.loose).point_id
    good = client.post(
        "/bank/placement/sheet", data=data, files=sheet("来源编号,鉴定点代码\nR-1,B-A-A-006\n")
    )

    assert bad.status_code == 422
    assert "有 3 行有误" in bad.text
    assert unplaced is None
    assert good.status_code == 303
    assert bank.item(bank.loose).point_id == bank.points[5].id


@pytest.mark.usefixtures("as_writer")
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01", b"a,b\n1,2\n", "题号\n1\n".encode()])
def test_a_sheet_that_is_none_is_refused(client: TestClient, bank: Bank, content: bytes) -> None:
    files = {"sheet": ("x.csv", content, "text/csv")}

    assert client.post("/bank/placement/sheet", data={"bank": bank.key}, files=files).status_code == 422
    assert client.post("/bank/placement/sheet", data={"bank": ""}, files=files).status_code == 422
    assert client.post("/bank/placement/sheet", data={"bank": bank.key}).status_code == 422


@pytest.mark.usefixtures("as_writer")
def test_the_template_lists_the_unplaced(client: TestClient, bank: Bank) -> None:
    text = client.get(f"/bank/placement/template?bank={bank.key}").text

    assert text.lstrip("\ufeff").split() == ["来源编号,题号,鉴定点代码", '"R-1",4,']


# --- taxonomy ------------------------------------------------------------------------------------------------


def test_an_outline_travels_out_as_a_workbook_and_in_again(
    client: TestClient, login: Any, bank: Bank, database: Database
) -> None:
    login(Role.PAPER_MANAGER)
    packed = client.get(f"/bank/taxonomy/outlines/{bank.outline.id}/workbook").content
    again = client.post("/bank/taxonomy/import", files={"file": ("o.xlsx", packed)})
    with database.session(scope=Scope.everything()) as session:
        other = make_institution(session)
    login(Role.PAPER_MANAGER, institution=other)
    elsewhere = client.post("/bank/taxonomy/import", files={"file": ("o.xlsx", packed)})
    page = client.get(elsewhere.headers["location"]).text

    assert again.status_code == 422
    assert "1 版细目表已存在" in again.text
    assert elsewhere.status_code == 303
    assert "各项合计一致" in page
    assert "鉴定点6" in page


def test_a_miscounted_outline_is_taken_with_warnings(client: TestClient, login: Any, bank: Bank) -> None:
    login(Role.PAPER_MANAGER)
    text = (
        'title = "表"\nversion = "x"\nlevel = 5\n'
        '[occupation]\nmajor = "4"\nmiddle = "04"\nminor = "05"\ndetail = "05"\n'
        '[[scopes]]\ncode = "A"\nname = "基础"\nweight = 90\nstated = { x = 5, y = 2, z = 0 }\n'
        'points = [{ code = "001", name = "点", importance = "X" }]\n'
    )
    answer = client.post("/bank/taxonomy/import", files={"file": ("o.toml", text.encode())})
    page = client.get(answer.headers["location"]).text

    assert "标明 X:Y:Z 为 5:2:0，实际列出 1:0:0" in page
    assert "合计 90，不是 100" in page
    address = re.search(r'action="([^"]+/status/retired)"', page)
    assert address
    assert client.post(address[1]).status_code == 303
    assert client.post(address[1].replace("retired", "nonsense")).status_code == 404


@pytest.mark.parametrize("name", ["o.toml", "o.xlsx", "o.exe"])
def test_an_unreadable_outline_is_refused(client: TestClient, login: Any, bank: Bank, name: str) -> None:
    login(Role.PAPER_MANAGER)

    assert client.post("/bank/taxonomy/import", files={"file": (name, b"PK\x00")}).status_code == 422
    assert client.post("/bank/taxonomy/import").status_code == 422


def test_the_platform_adds_occupations(
    client: TestClient, login: Any, database: Database, bank: Bank
) -> None:
    from itembank.people import service as people

    with database.session(scope=Scope.everything()) as session:
        platform = people.platform(session)
    login(Role.PLATFORM_ADMINISTRATOR, institution=platform)
    sent = {"code": "4-08-05-01", "name": "农产品食品检验员", "work_types": "甲、乙"}

    assert client.post("/bank/taxonomy/occupations", data=sent).status_code == 303
    assert "农产品食品检验员" in client.get("/bank/taxonomy").text
    assert "已在目录中" in client.post("/bank/taxonomy/occupations", data=sent).text
    assert client.post("/bank/taxonomy/occupations", data={"code": "1", "name": "x"}).status_code == 422


def test_types_have_words(client: TestClient, login: Any, bank: Bank, database: Database) -> None:
    with database.session(scope=Scope.everything()) as session:
        for kind in ItemType:
            draft = ItemDraft(content(kind), bank.occupation.id, 4)
            items.create_item(session, actor=bank.writer, draft=draft, now=NOW)
    login(Role.ITEM_WRITER)
    page = client.get("/bank/items").text

    assert all(word in page for word in ("单选题", "多选题", "判断题"))
