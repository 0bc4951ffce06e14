"""From marks to certificates that a stranger can verify."""

from __future__ import annotations

import re
import tomllib
from concurrent.futures import ThreadPoolExecutor

from scripts.headless import content
from scripts.headless.applicants import Applicant
from scripts.headless.browser import Page
from scripts.headless.chain import EMPLOYER, Chain
from scripts.headless.stages.exam import Sitting

_DAY = 24 * 3600
_UUID = r"[0-9a-f-]{36}"


def _id(url: str) -> str:
    return re.sub(r"[?#].*", "", url).rpartition("/")[2]


def caught(chain: Chain) -> str:
    """Somebody cheats, and is seen."""
    browser = chain.browser("watch")
    cheat: Sitting = chain.facts["sittings"]["cheats"]
    room = browser.get(_room(chain, "theory"))
    form = room.form("/incidents$")
    values = {"registration_id": chain.facts["registrations"][cheat.person.name], "kind": "cheating"}
    refused = browser.send(room, form, values | {"note": " "}, status=422)
    browser.send(room, form, values | {"note": "考试中翻看夹带资料，当场收缴"})
    after = cheat.save({cheat.questions[0][0]: ["A"]})
    assert after.status == 409, after.status
    room = browser.get(room.url)
    assert not [form for form in room.forms if form.action.endswith("/confirm")], (
        "whoever recorded it may not confirm"
    )
    second = chain.browser("exams")
    room = second.get(room.url)
    second.send(room, room.form("/confirm$"), {})
    return f"an incident without words refused ({refused.status}); stopped at once, void when a second person confirmed"


def _room(chain: Chain, component: str) -> str:
    sitting = _id(chain.facts[component])
    page = chain.browser("watch").get(f"/invigilation/{sitting}")
    return page.link(f"/invigilation/{sitting}/rooms/{_UUID}$")


def closed(chain: Chain) -> str:
    """Attendance, room record, closing."""
    refused = _close(chain, "theory", "watch", (409, 422))
    _settle(chain, "theory")
    _close(chain, "theory", "watch", 200)
    return f"closing without a room record refused ({refused.status}); 1 absence settled, sitting closed"


def _settle(chain: Chain, component: str) -> None:
    browser = chain.browser("watch")
    url = _room(chain, component)
    room = browser.get(url)
    ids = chain.facts["registrations"]
    people: list[Applicant] = [person for person in chain.facts["people"] if person.ticket]
    absent = [ids[person.name] for person in people if person.part == "absent"]
    present = [ids[person.name] for person in people if person.part != "absent"]
    everybody = next(f for f in room.forms if f.action.endswith("/attendance") and len(f.fields) > 10)
    browser.send(room, everybody, {"registration_ids": absent, "state": "absent"})
    browser.send(room, everybody, {"registration_ids": present, "state": "present"})
    record = {"video_reference": "机房录像 2026-03 第1机房", "notes": "考试秩序正常。"}
    browser.send(room, room.form("/record$"), record)


def _close(chain: Chain, component: str, who: str, status: int | tuple[int, ...]) -> Page:
    browser = chain.browser(who)
    page = browser.get(f"/invigilation/{_id(chain.facts[component])}")
    return browser.send(page, page.form("/close$"), status=status)


def practical(chain: Chain) -> str:
    """Practical scores by three examiners."""
    chain.advance(_DAY)
    officer = chain.browser("exams")
    url = f"/marking/practical/{_id(chain.facts['practical'])}"
    task = tomllib.loads((content.FOLDER / "practical.toml").read_text("utf-8"))
    lines = [(line["code"], line["points"], line["name"]) for line in task["rubric"]]
    page = officer.get(url)
    text = "\n".join(f"{code} | {points} | {words}" for code, points, words in lines)
    page = officer.send(page, page.form("/tasks$"), {"title": task["title"], "total": "100", "lines": text})
    officer.send(page, page.form("/activate$"))
    people: list[Applicant] = [p for p in chain.facts["people"] if p.ticket and p.part != "absent"]

    def score(judge: str) -> int:
        browser = chain.browser(judge)
        for n, person in enumerate(people):
            sheet = browser.get(f"{url}/candidates/{chain.facts['registrations'][person.name]}")
            form = sheet.form(having="remark")
            fields = [f.name for f in form.fields if f.kind == "text"]
            assert len(fields) == len(lines)
            if n == 0:
                many = dict.fromkeys(fields, "999")
                browser.send(sheet, form, many | {"then": "submit"}, status=422)
            given = {name: str(int(points * 0.8)) for name, (_, points, _) in zip(fields, lines, strict=True)}
            browser.send(sheet, form, given | {"then": "submit"})
        return len(people)

    count = score("judge1")
    early = officer.get(url)
    refused = officer.send(early, early.form(f"{url}/close$"), status=(409, 422))
    with ThreadPoolExecutor(2) as pool:
        count += sum(pool.map(score, ("judge2", "judge3")))
    page = officer.get(url)
    officer.send(page, page.form(f"{url}/close$"))
    chain.advance(2 * 3600)
    _settle(chain, "practical")
    _close(chain, "practical", "watch", 200)
    return f"{count} sheets by 3 examiners; closing with one examiner refused ({refused.status})"


def marked(chain: Chain) -> str:
    """Marks and results."""
    browser = chain.browser("exams")
    url = f"/marking/theory/{_id(chain.facts['theory'])}"
    page = browser.get(url)
    browser.send(page, page.form("/runs$"))
    plan = _id(chain.facts["plan"])
    page = browser.get(f"/results/{plan}")
    browser.send(page, page.form("/collect$"))
    page = browser.get(f"/results/{plan}")
    browser.send(page, page.form("/release$"))
    rows = browser.get(f"/results/{plan}/results.csv").body.decode("utf-8-sig").splitlines()
    found = {row.split(",")[1].strip('"'): row for row in rows[1:]}
    sittings: dict[str, Sitting] = chain.facts["sittings"]
    weights = {"single_choice": 1.5, "multiple_choice": 2.0, "true_false": 1.0}
    passed = []
    for sitting in sittings.values():
        row = found[sitting.person.name]
        if sitting.person.part == "cheats":
            assert "舞弊" in row, row
            continue
        right = sum(
            weights[question.type]
            for item, question in sitting.questions
            if sitting.answers.get(item) == sorted(question.key)
        )
        assert re.search(rf"(^|,){right:g}(\.0+)?(,|$)", row), f"{row} instead of {right:g}"
        if right >= 60:
            passed.append(sitting.person.name)
    absent = next(person for person in chain.facts["people"] if person.part == "absent")
    assert "缺考" in found[absent.name], found[absent.name]
    assert chain.facts["people"][0].name not in passed, "who should fail has passed"
    chain.facts["passed"] = passed
    return (
        f"{len(found)} results equal to this driver's own marking; {len(passed)} passed, 1 cheated, 1 absent"
    )


def noticed(chain: Chain) -> str:
    """Masked notice of five working days."""
    browser = chain.browser("exams")
    plan = _id(chain.facts["plan"])
    url = f"/recognition/plans/{plan}"
    page = browser.get(url)
    form = page.form("/notice$")
    short = browser.send(page, form, {"last_day": "2026-04-07", "contact": "0931-0000000"}, status=422)
    page = browser.send(page, form, {"contact": "0931-0000000"})
    notice = chain.stranger().get(page.link("/public/notices/"))
    chain.facts["notice"] = notice.url
    for person in chain.facts["people"]:
        assert person.name not in notice.text, "a name in the clear"
        assert person.number not in notice.text, "a document number in the clear"
    until = re.search(r"2026年4月(\d+)日", page.text)
    assert until, page.text[:300]
    assert "劳动节" not in short.text
    return f"until {until.group(0)} (清明节 not counted); a shorter one refused ({short.status})"


def objected(chain: Chain) -> str:
    """An objection stops the issue."""
    stranger, manager = chain.stranger(), chain.browser("manager")
    page = stranger.get(chain.facts["notice"])
    form = page.form("/objections")
    position = next(f for f in form.fields if f.name == "position").options[1][0]
    words = {"position": position, "ground": "该考生报考时的工作年限与实际不符，请核实。"}
    stranger.send(page, form, words)
    chain.advance(10 * _DAY)
    officer = chain.browser("officer")
    page = officer.get("/recognition/approvals")
    form = page.form("/approvals$", having="decision")
    ids = [f.value for f in form.fields if f.name == "decision"]
    refused = officer.send(page, form, {"decision": ids, "then": "approve"}, status=(409, 422))
    page = manager.get("/recognition/objections")
    page = manager.get(page.link(f"/recognition/objections/{_UUID}"))
    page = manager.send(page, page.form("/investigation$"))
    finding = {"verdict": "dismissed", "finding": "经核对社保记录和单位证明，工作年限属实。"}
    manager.send(page, page.form("/decision$"), finding)
    return f"approval refused while it was open ({refused.status}); investigated and dismissed"


def approved(chain: Chain) -> str:
    """Approval by the centre, not by the institution."""
    for username in ("exams", "manager"):
        own = chain.browser(username).request("GET", "/recognition/approvals")
        assert own.status == 403, own.status
    officer = chain.browser("officer")
    page = officer.get("/recognition/approvals")
    form = page.form("/approvals$", having="decision")
    ids = [f.value for f in form.fields if f.name == "decision"]
    assert len(ids) == len(chain.facts["passed"]), f"{len(ids)} wait, {len(chain.facts['passed'])} passed"
    officer.send(page, form, {"decision": ids, "then": "approve"})
    return f"{len(ids)} approved by the centre; the institution's own people refused (403)"


def certified(chain: Chain) -> str:
    """Certificates."""
    browser = chain.browser("exams")
    url = f"/recognition/plans/{_id(chain.facts['plan'])}"
    page = browser.get(url)
    page = browser.send(page, page.form("/certificates$"))
    page = browser.get(url)
    numbers = re.findall(r"\bY0000620001232640\d{5}\b", page.text)
    assert len(set(numbers)) == len(chain.facts["passed"]), page.text[:600]
    assert sorted(numbers) == [f"Y000062000123264{n:06d}" for n in range(1, len(numbers) + 1)]
    links = page.links(f"/certificates/{_UUID}$")
    shown = browser.get(links[0])
    pdf = browser.get(links[0] + "/certificate.pdf")
    assert pdf.body.startswith(b"%PDF-"), pdf.body[:20]
    number = re.search(r"\bY\d{21}\b", shown.text)
    assert number, shown.text[:300]
    chain.facts["certificate"] = number.group(0)
    chain.facts["holder"] = next(name for name in chain.facts["passed"] if name in shown.text)
    return f"{len(numbers)} numbered from {min(numbers)}, PDF of {len(pdf.body) // 1024} kB"


def verified(chain: Chain) -> str:
    """Public verification, and an altered certificate."""
    number, holder = chain.facts["certificate"], chain.facts["holder"]

    def ask(number: str, name: str, status: int) -> Page:
        stranger = chain.stranger()
        page = stranger.get("/verify")
        return stranger.send(page, page.form("/verify$"), {"number": number, "name": name}, status=status)

    record = ask(number, holder, 200)
    for truth in (holder, "四级/中级工", number, EMPLOYER):
        assert truth in record.text, f"{truth} is not shown"
    # A forger raised the level on the paper: the record under its number says otherwise.
    assert "三级/高级工" not in record.text
    # A forger put another name on it: there is no such certificate.
    answers = [
        ask(number, "孙悟空", 404),
        ask("Y000062000123264999999", holder, 404),
        ask("胡编的号码", holder, 404),
    ]
    told = {re.sub(r"\s*\d{4}年.*", "", answer.text.partition("证书编号")[0]) for answer in answers}
    assert len(told) == 1, "the answers differ"
    return f"{number[:6]}… is the true record; an altered name, a number never issued and nonsense get the same answer"


def audited(chain: Chain) -> str:
    """Audit chain."""
    told = chain.site.command("audit", "verify")
    assert "intact" in told, told
    assert "NOT" not in told, told
    return told.splitlines()[0] + ", intact"
