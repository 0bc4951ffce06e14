"""Twenty candidates sit the theory examination."""

from __future__ import annotations

import html
import random
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scripts.headless import content
from scripts.headless.applicants import Applicant
from scripts.headless.browser import Browser, Page, wait_for
from scripts.headless.chain import Chain
from scripts.headless.simulate import Truth

_START = "2026-03-30T01:00:00+00:00"
"""09:00 in China."""


@dataclass
class Sitting:
    """One candidate's browser at work."""

    person: Applicant
    browser: Browser
    page: Page
    attempt: str = ""
    token: str = ""
    csrf: str = ""
    remaining: float = 0.0
    questions: list[tuple[str, content.Question]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    revision: int = 0

    def open(self) -> None:
        """What the page's script does first: take over, get the token."""
        sent = {"X-CSRF-Token": self.csrf}
        answer = self.browser.post_json(f"{self.attempt}/open", {}, sent)
        assert answer.status == 200, answer.text[:300]
        opened = answer.json()
        self.token, self.remaining = opened["token"], opened["remaining"]
        self.answers |= {row["item"]: row["response"] for row in opened["answers"]}
        self.revision = max([self.revision, *(row["revision"] for row in opened["answers"])])

    def save(self, chosen: dict[str, list[str]], *, attempt: str = "") -> Page:
        """Send answers as the page does; the caller looks at what was acknowledged."""
        rows = []
        for item, response in chosen.items():
            self.revision += 1
            rows.append({"item": item, "revision": self.revision, "response": response, "flagged": False})
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.browser.post_json(
            f"{attempt or self.attempt}/answers", {"answers": rows}, headers, method="PUT"
        )

    def hand_in(self) -> Page:
        epoch = self.browser.get(self.attempt).form(having="epoch")
        value = next(control.value for control in epoch.fields if control.name == "epoch")
        form = {"_csrf": self.csrf, "epoch": value}
        body = "&".join(f"{name}={text}" for name, text in form.items()).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return self.browser.request(
            "POST", f"{self.attempt}/submit", body, headers | {"X-CSRF-Token": self.csrf}
        )


def _enter(chain: Chain, person: Applicant) -> Sitting:
    browser = chain.stranger()
    page = browser.get("/exam/login")
    page = browser.send(
        page, page.form("/exam/login"), {"ticket_number": person.ticket, "entry_code": person.code}
    )
    return Sitting(person, browser, page)


def _begin(sitting: Sitting) -> None:
    page = sitting.browser.get("/exam")
    page = sitting.browser.send(page, page.form("/start$"))
    sitting.page, sitting.attempt = page, re.sub(r"[?#].*", "", page.url)
    sitting.csrf = next(value for name, value in page.form(having="_csrf").defaults() if name == "_csrf")
    sitting.questions = _questions(page)
    sitting.open()


def _questions(page: Page) -> list[tuple[str, content.Question]]:
    """Recognise the questions on the page by their words."""
    known = {content.fingerprint(question.stem): question for question in content.questions()}
    found = []
    for block in page.html.split("<fieldset")[1:]:
        item = re.search(r'data-item="([0-9a-f-]{36})"', block)
        legend = re.search(r"<legend[^>]*>(.*?)</legend>", block, re.DOTALL)
        assert item, "a question without its item"
        assert legend, "a question without its stem"
        text = re.sub(
            r'<span class="number">.*?</span>|<math.*?</math>', "", legend.group(1), flags=re.DOTALL
        )
        stem = content.fingerprint(html.unescape(re.sub(r"<[^>]+>", "", text)))
        assert stem in known, f"unknown question: {stem[:60]}"
        found.append((item.group(1), known[stem]))
    return found


def _choose(question: content.Question, truth: Truth, ability: float, rng: random.Random) -> list[str]:
    if rng.random() < truth.probability(ability):
        return sorted(question.key)
    if question.type == "true_false":
        return ["F"] if question.key == ("T",) else ["T"]
    labels = [chr(ord("A") + n) for n in range(len(question.options))]
    if question.type == "single_choice":
        return [rng.choice([label for label in labels if label not in question.key])]
    return sorted(question.key[:-1])


def _all_answers(chain: Chain, sitting: Sitting) -> dict[str, list[str]]:
    rng = random.Random(sitting.person.number)
    truths = chain.facts["truths"]
    return {
        item: _choose(question, truths[question.reference], sitting.person.ability, rng)
        for item, question in sitting.questions
    }


def _saved(answer: Page, wanted: int) -> None:
    assert answer.status == 200, f"{answer.status}: {answer.text[:300]}"
    result: dict[str, Any] = answer.json()
    assert len(result["accepted"]) == wanted, result


def waiting(chain: Chain) -> str:
    """Before the start nobody sees a question."""
    gap = (datetime.fromisoformat(_START) - chain.site.now()).total_seconds()
    chain.advance(gap - 600)
    person = chain.facts["people"][6]
    wrong = chain.stranger()
    page = wrong.get("/exam/login")
    guess = {"ticket_number": person.ticket, "entry_code": "AAAA-AAAA"}
    refused = wrong.send(page, page.form("/exam/login"), guess, status=(403, 422))
    early = _enter(chain, person)
    shown = early.browser.get("/exam")
    for question in content.questions():
        assert content.fingerprint(question.stem)[:20] not in content.fingerprint(shown.text)
    form = next((form for form in shown.forms if form.action.endswith("/start")), None)
    if form is not None:
        early.browser.send(shown, form, status=(403, 409))
    chain.advance(601)
    return f"a wrong entry code refused ({refused.status}); start before the time refused"


def sat(chain: Chain) -> str:
    """Nineteen candidates answer; one never comes."""
    people: list[Applicant] = [p for p in chain.facts["people"] if p.part not in ("absent", "unqualified")]

    def work(person: Applicant) -> Sitting:
        sitting = _enter(chain, person)
        _begin(sitting)
        answers = _all_answers(chain, sitting)
        items = list(answers)
        half = len(items) // 2 if person.part in ("loses the browser", "late") else len(items)
        for start in range(0, half, 20):
            part = {item: answers[item] for item in items[start : min(start + 20, half)]}
            _saved(sitting.save(part), len(part))
            sitting.answers |= part
        return sitting

    with ThreadPoolExecutor(4) as pool:
        sittings = {
            sitting.person.part if sitting.person.part != "passes" else sitting.person.name: sitting
            for sitting in pool.map(work, people)
        }
    chain.facts["sittings"] = sittings
    for sitting in sittings.values():
        assert len(sitting.questions) == 70
        text = sitting.page.html
        assert "explanation" not in text
        assert all(question.explanation[:20] not in text for _, question in sitting.questions)
    first, second = list(sittings.values())[5:7]
    item = second.questions[0][0]
    stolen = first.save({item: ["A"]}, attempt=second.attempt)
    assert stolen.status == 403, stolen.status
    count = sum(len(sitting.answers) for sitting in sittings.values())
    return (
        f"{len(sittings)} at work, {count} answers acknowledged; an answer to another's attempt refused (403)"
    )


def resumed(chain: Chain) -> str:
    """A browser lost half-way."""
    chain.advance(40 * 60)
    old: Sitting = chain.facts["sittings"]["loses the browser"]
    fresh = _enter(chain, old.person)
    fresh.page = fresh.browser.get(old.attempt)
    fresh.attempt, fresh.questions = old.attempt, _questions(fresh.page)
    fresh.csrf = next(value for name, value in fresh.page.form(having="_csrf").defaults() if name == "_csrf")
    fresh.open()
    kept = {item: response for item, response in fresh.answers.items() if response}
    assert kept == old.answers, "answers were lost with the browser"
    assert 45 * 60 < fresh.remaining < 50 * 60 + 1, f"{fresh.remaining} s remain"
    assert [item for item, _ in fresh.questions] == [item for item, _ in old.questions], (
        "another order of questions"
    )
    stale = old.save({old.questions[-1][0]: ["A"]})
    assert stale.status == 409, stale.status
    rest = {i: a for i, a in _all_answers(chain, fresh).items() if i not in kept}
    _saved(fresh.save(rest), len(rest))
    fresh.answers |= rest
    chain.facts["sittings"]["loses the browser"] = fresh
    left = f"{fresh.remaining / 60:.0f} min left"
    return f"{len(kept)} answers back on another machine, {left}, the old page refused (409)"


def handed_in(chain: Chain) -> str:
    """Hand-in, once."""
    receipts = {}
    sittings: dict[str, Sitting] = chain.facts["sittings"]
    for name, sitting in sittings.items():
        if name in ("late", "cheats"):
            continue
        done = sitting.hand_in().json()
        assert done["code"] == "handed_in", done
        receipts[name] = done["receipt"]
    again = sittings["fails"].browser.get(sittings["fails"].attempt)
    assert again.url.endswith("/receipt")
    second = sittings["fails"].save({sittings["fails"].questions[0][0]: ["A"]})
    assert second.status == 409
    return (
        f"{len(receipts)} receipts, such as {receipts['fails'][:12]}…; an answer after hand-in refused (409)"
    )


def too_late(chain: Chain) -> str:
    """An answer after the time, and forced submission."""
    late: Sitting = chain.facts["sittings"]["late"]
    chain.advance(60 * 60)
    rest = [item for item, _ in late.questions if item not in late.answers][:3]
    refused = late.save({item: ["A"] for item in rest})
    assert refused.status == 409, refused.status
    message = refused.json()["message"]

    def look() -> Page | None:
        page = late.browser.get(late.attempt + "/receipt")
        return page if re.search(r"\d+ / \d+", page.text) else None

    receipt = wait_for("forced submission", look, seconds=30)
    count = re.search(r"(\d+) / (\d+)", receipt.text)
    assert count, receipt.text[:300]
    assert int(count.group(1)) == len(late.answers), (count.group(0), len(late.answers))
    return f"refused: {message[:24]}…; handed in by the server with {count.group(0)} answers"
