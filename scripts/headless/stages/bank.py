"""From a file of questions to a calibrated, active bank."""

from __future__ import annotations

import random
import re

from scripts.headless import content
from scripts.headless.browser import follow_job
from scripts.headless.chain import Chain
from scripts.headless.simulate import draw_responses, draw_truths, recovery

OCCUPATION, LEVEL = "电工", "4"
PERSONS = 1000


def outline(chain: Chain) -> str:
    """Outline 鉴定要素细目表."""
    browser = chain.browser("papers")
    page = browser.get("/bank/taxonomy")
    file = ("outline.toml", content.outline_file(), "application/toml")
    page = browser.send(page, page.form("import"), files={"file": file})
    points = {question.point for question in content.questions()}
    assert "/outlines/" in page.url, page.text[:300]
    assert "中级工" in page.text
    return f"{len(points)} assessment points"


def imported(chain: Chain) -> str:
    """Import."""
    browser = chain.browser("writer")
    page = browser.get("/bank/imports/new")
    form = page.form(having="occupation_id")
    choice = {"occupation_id": form.option("occupation_id", OCCUPATION), "level": LEVEL, "format": "auto"}
    junk = ("bank.docx", b"PK\x03\x04 this is no Word file", "application/octet-stream")
    refused = browser.send(page, form, choice, files={"file": junk}, status=422)
    file = ("bank.json", content.bank_file(broken=1), "application/json")
    report = browser.send(page, form, choice, files={"file": file})
    summary = browser.get(report.url.partition("?")[0] + "/report.json").json()
    wanted = len(content.questions())
    assert (summary["found"], summary["imported"], len(summary["rejected"])) == (wanted + 1, wanted, 1), (
        summary
    )
    chain.facts["import"] = report.url
    reason = summary["rejected"][0]["reason"]
    figures = f"{summary['found']} found, {summary['imported']} imported, 1 rejected ({reason})"
    return f"{figures}; a broken file refused with {refused.status}"


def placed(chain: Chain) -> str:
    """Placement at assessment points."""
    browser = chain.browser("writer")
    page = browser.get("/bank/placement")
    sheet = ("placement.csv", content.placement_sheet(), "text/csv")
    done = browser.send(page, page.form("sheet"), files={"sheet": sheet})
    left = browser.get("/bank/placement")
    assert content.PREFIX not in left.text, "items are left without a point"
    assert done.status == 200
    return f"{len(content.questions())} items placed from a sheet"


def reviewed(chain: Chain) -> str:
    """Review by a second person."""
    writer, reviewer = chain.browser("writer"), chain.browser("reviewer")
    page = writer.get("/bank/items")
    writer.send(page, page.form("bulk"), {"action": "submit", "everything": "1"})
    refused = writer.request("GET", "/bank/review")
    assert refused.status == 403, "an item writer reached the review"
    page = reviewer.get("/bank/review")
    reviewer.send(
        page, page.form("/bank/review$", having="everything"), {"action": "approve", "everything": "1"}
    )
    page = reviewer.get("/bank/items?status=active")
    shown = re.search(r"共 ([\d,]+) 条", page.text)
    active = int(shown.group(1).replace(",", "")) if shown else 0
    assert active == len(content.questions()), f"{active} items are active"
    return f"{active} items active; the writer refused the review page"


def calibrated(chain: Chain) -> str:
    """Calibration against parameters the engine never sees."""
    rng = random.Random(20260501)
    truths = draw_truths([question.reference for question in content.questions()], rng)
    chain.facts["truths"] = truths
    browser = chain.browser("analyst")
    page = browser.get("/analysis")
    form = page.form("files", having="responses")
    values = {"name": "演练标定", "occupation_id": form.option("occupation_id", OCCUPATION), "level": LEVEL}
    wrong = ("wrong.csv", b"person,NOT-THERE\nP1,7\n", "text/csv")
    refused = browser.send(page, form, values | {"method": "2pl"}, files={"responses": wrong}, status=422)
    assert "NOT-THERE" in refused.text
    file = ("past.csv", draw_responses(truths, PERSONS, rng).encode(), "text/csv")
    job = browser.send(page, form, values | {"method": "2pl"}, files={"responses": file})
    scale = follow_job(browser, job)
    rows = browser.get(scale.url.partition("?")[0] + "/items.csv").body.decode("utf-8-sig").splitlines()
    header = rows[0].split(",")
    columns = {name: header.index(name) for name in ("item", "a", "b")}
    estimates = {cells[columns["item"]]: cells for cells in (row.split(",") for row in rows[1:])}
    names = list(truths)
    found = {
        name: recovery(
            [getattr(truths[item], name) for item in names],
            [float(estimates[item][columns[name]]) for item in names],
        )
        for name in ("a", "b")
    }
    assert found["b"].correlation > 0.97, found
    assert found["a"].correlation > 0.75, found
    text = "; ".join(f"{n}: r = {r.correlation:.3f}, RMSE = {r.rmse:.3f}" for n, r in found.items())
    return f"{PERSONS} past candidates × {len(names)} items (2PL), recovered {text}"
