"""From a filed scope to printed tickets."""

from __future__ import annotations

import csv
import io
import re
import zipfile

from scripts.headless.applicants import Applicant, applicants, portrait, registration_list
from scripts.headless.browser import Browser, Page
from scripts.headless.chain import EMPLOYER, Chain

THEORY_DAY, PRACTICAL_DAY = "2026-03-30", "2026-03-31"
"""A Monday and a Tuesday; 清明节 follows within the time of the notice."""


def filed(chain: Chain) -> str:
    """Filed scope."""
    browser = chain.browser("officer")
    page = browser.get("/filing")
    form = page.form("/filing$", having="levels")
    values: dict[str, str | list[str]] = {
        "institution_id": form.option("institution_id", EMPLOYER),
        "occupation_id": form.option("occupation_id", "电工"),
        "levels": ["4"],
        "number": "演练备〔2026〕7号",
        "valid_from": "2026-01-01",
        "valid_until": "2028-12-31",
    }
    page = browser.send(page, form, values)
    assert "演练备〔2026〕7号" in page.text
    assert chain.browser("outsider").request("GET", "/filing").text.count("演练备") == 0
    return "电工 level 4 for three years, written by the centre; another institution does not see it"


def planned(chain: Chain) -> str:
    """Plan within the scope."""
    browser = chain.browser("exams")
    page = browser.get("/plans/new")
    form = page.form("/plans$", having="examined_on")
    values: dict[str, str | list[str]] = {
        "name": "2026年第一批电工四级认定",
        "occupation_id": form.option("occupation_id", "电工"),
        "examined_on": THEORY_DAY,
        "components": ["theory", "practical"],
    }
    refused = browser.send(page, form, values | {"level": "3"}, status=(403, 409, 422))
    assert "备案" in refused.text, refused.text[:300]
    page = browser.send(page, form, values | {"level": "4"})
    chain.facts["plan"] = re.sub(r"[?#].*", "", page.url)
    number = re.search(r"\b26620\d{9}\b", page.text)
    assert number, page.text[:300]
    return f"plan {number.group(0)}; level 3 refused as not filed"


def registered(chain: Chain) -> str:
    """Registration and qualification review."""
    browser, plan = chain.browser("exams"), chain.facts["plan"]
    people = applicants()
    page = browser.get(plan + "/registrations/import")
    form = page.form("registrations/import$", having="list")

    def upload(content: bytes, status: int | tuple[int, ...] = 200) -> Page:
        return browser.send(page, form, files={"list": ("名单.csv", content, "text/csv")}, status=status)

    spoiled = upload(registration_list(people, spoil=True), (200, 422))
    assert "证件号" in spoiled.text
    assert "校验" in spoiled.text, spoiled.text[:500]
    checked = upload(registration_list(people))
    browser.send(checked, checked.form(r"registrations/import/[0-9a-f-]{36}$"))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as photos:
        for n, person in enumerate(people):
            photos.writestr(f"{person.number}.png", portrait(n))
    page = browser.get(plan + "/registrations/import")
    kept = {"archive": ("照片.zip", archive.getvalue(), "application/zip")}
    browser.send(page, page.form("photos"), files=kept)
    page = browser.get(plan + "/registrations?size=100")
    assert all(person.name in page.text for person in people)
    ids = _registrations(page)
    last = people[-1]
    form = page.form("review$", having="registration_ids")
    values: dict[str, str | list[str]] = {"registration_ids": [ids[last.name]], "verdict": "reject"}
    browser.send(page, form, values | {"reason": "工作年限证明不足五年"})
    page = browser.get(plan + "/registrations?size=100")
    approved = [ids[person.name] for person in people[:-1]]
    browser.send(
        page,
        page.form("review$", having="registration_ids"),
        {"registration_ids": approved, "verdict": "approve"},
    )
    chain.facts |= {"people": people, "registrations": ids}
    counts = f"{len(people)} registered with photographs, {len(approved)} qualified, 1 rejected"
    return f"{counts}; a list with a wrong checksum and a double refused"


def _registrations(page: Page) -> dict[str, str]:
    found = re.findall(r'/registrations/([0-9a-f-]{36})"[^>]*>([^<]+)</a>', page.html)
    return {name: identifier for identifier, name in found}


def arranged(chain: Chain) -> str:
    """Rooms, seats, papers, staff."""
    browser, plan = chain.browser("exams"), chain.facts["plan"]
    page = browser.get("/rooms")
    browser.send(
        page,
        page.form("/rooms$"),
        {"name": "第1机房", "place": "培训楼三层", "capacity": "24", "seats_per_row": "6"},
    )
    theory = _add_sitting(browser, plan, "theory", THEORY_DAY, "10:30", "90")
    practical = _add_sitting(browser, plan, "practical", PRACTICAL_DAY, "12:00", "180")
    chain.facts |= {"theory": theory, "practical": practical}
    papers = [url.rpartition("/")[2] for url in chain.facts["papers"]]
    page = browser.get(theory)
    browser.send(page, page.form("/papers$"), {"paper_ids": papers})
    for sitting, duty, staff in (
        (theory, "invigilator", ("watch",)),
        (practical, "examiner", ("judge1", "judge2", "judge3")),
    ):
        page = browser.get(sitting)
        form = page.form("/arrange$")
        rooms = [control.value for control in form.fields if control.name == "room_ids"]
        page = browser.send(page, form, {"room_ids": rooms})
        for username in staff:
            name = chain.names[username]
            form = page.form("/staff$")
            page = browser.send(page, form, {"user_id": form.option("user_id", name), "duty": duty})
        page = browser.send(page, page.form("/publish$"))
    sheet = browser.get(theory + "/print/attendance")
    assert chain.facts["people"][5].name in sheet.text
    return "1 room, 2 sittings published, papers alternate between neighbours, attendance sheet printed"


def _add_sitting(browser: Browser, plan: str, component: str, day: str, end: str, minutes: str) -> str:
    page = browser.get(plan)
    before = set(page.links("/sittings/"))
    values = {
        "component": component,
        "starts_at": f"{day}T09:00",
        "ends_at": f"{day}T{end}",
        "limit_minutes": minutes,
        "late_minutes": "30",
        "earliest_submit_minutes": "30",
    }
    page = browser.send(page, page.form("/sittings$"), values)
    if "/sittings/" in page.url:
        return re.sub(r"[?#].*", "", page.url)
    (added,) = set(browser.get(plan).links("/sittings/")) - before
    return added


def ticketed(chain: Chain) -> str:
    """Tickets and entry codes."""
    browser, plan = chain.browser("exams"), chain.facts["plan"]
    page = browser.get(plan + "/tickets")
    form = page.form(having="output")
    issued = browser.send(page, form, {"which": "missing", "output": "csv", "registration_ids": []})
    rows = list(csv.reader(io.StringIO(issued.body.decode("utf-8-sig"))))[1:]
    by_name = {name: (ticket, code) for ticket, name, code in rows}
    people: list[Applicant] = chain.facts["people"]
    for person in people[:-1]:
        person.ticket, person.code = by_name[person.name]
    assert people[-1].name not in by_name, "somebody unqualified has a ticket"
    assert all(len(person.ticket) == 19 for person in people[:-1])
    return f"{len(rows)} tickets, such as {people[0].ticket}"
