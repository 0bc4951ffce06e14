"""From a blueprint to sealed parallel papers."""

from __future__ import annotations

import re
import time
from dataclasses import replace

from scripts.headless import content
from scripts.headless.browser import Page, wait_for
from scripts.headless.chain import Chain

CHECKS = ["rules", "targets", "differences", "content"]
"""What the second person confirms."""

BLUEPRINT = """
name = "{name}"
occupation = "6-31-01-03"
level = 4
minutes = 90
total_marks = 100
max_per_point = 3
equal = ["type", "importance"]

[[sections]]
type = "single_choice"
count = {single}
marks = {marks}

[[sections]]
type = "multiple_choice"
count = 10
marks = 2

[[sections]]
type = "true_false"
count = 20
marks = 1

[[information]]
theta = -0.5
goal = 20
"""


def _assemble(chain: Chain, name: str, single: int, marks: str) -> Page:
    browser = chain.browser("papers")
    page = browser.get("/blueprints")
    file = (
        "blueprint.toml",
        BLUEPRINT.format(name=name, single=single, marks=marks).encode(),
        "application/toml",
    )
    page = browser.send(page, page.form("blueprints/file"), files={"file": file})
    page = browser.send(page, page.form("assemble"), {"forms": "2", "seed": "7"})
    url = page.url

    def look() -> Page | None:
        now = browser.get(url)
        return None if now.parsed.attributes.get("data-job", {}).get("data-poll") else now

    return wait_for("the assembly", look)


def impossible(chain: Chain) -> str:
    """A blueprint that cannot be met."""
    supply = sum(question.type == "single_choice" for question in content.questions())
    assert supply < 240, "the bank has grown: ask for more"
    page = _assemble(chain, "过大蓝图", 120, "0.5")
    named = re.search(rf"大题：单选题 240 {supply}\b", page.text)
    change = re.search(r"最小改动 (.{1,40}?) 已验证", page.text)
    assert "无法组卷" in page.text, page.text[:400]
    assert named, page.text[:600]
    assert change, page.text[:600]
    return f"refused, naming “{named.group(0)}”; would do: {change.group(1)}"


def assembled(chain: Chain) -> str:
    """Two parallel forms."""
    begun = time.monotonic()
    page = _assemble(chain, "演练蓝图", 40, "1.5")
    seconds = time.monotonic() - begun
    chain.facts["papers"] = page.links(r"/papers/[0-9a-f-]{36}$")
    assert len(chain.facts["papers"]) == 2, page.text[:600]
    gap = re.search(r"差距\D{0,6}([\d.]+ ?%?)", page.text)
    own = [form for form in page.forms if form.action.endswith("/seal")]
    assert not own, "who asked for the papers is offered to seal them"
    return f"2 forms in {seconds:.1f} s, gap {gap.group(1) if gap else 'not shown'}"


def sealed(chain: Chain) -> str:
    """Approval and sealing by another account."""
    asker, sealer = chain.browser("papers"), chain.browser("sealer")
    digests = []
    for url in chain.facts["papers"]:
        page = asker.get(url)
        own_try = replace(page.form("logout"), action=url + "/seal")
        asker.send(page, own_try, status=(403, 409))
        page = sealer.get(url)
        page = sealer.send(page, page.form("/seal$"), {"check": CHECKS})
        found = re.search(r"\b[0-9a-f]{64}\b", page.text)
        assert found, f"no digest on {url}"
        digests.append(found.group(0))
    assert len(set(digests)) == 2
    return f"sealed as {digests[0][:12]}…, {digests[1][:12]}…; the one who asked for them was refused"
