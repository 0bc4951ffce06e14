"""Figures of the load test, and its refusals."""

from __future__ import annotations

import argparse
from collections import Counter

import pytest

from scripts import cli
from scripts.commands import loadtest
from scripts.load.candidates import Course
from scripts.load.figures import Figures, Phase, at_rate, ceiling, costs, standing
from scripts.load.hall import cast


def test_costs_of_steps_are_what_is_left_when_the_saves_are_paid() -> None:
    working = Phase(100.0, 8.0, 2.0, Counter(save=20_000, heartbeat=5_000))
    starting = Phase(60.0, 3.0, 1.5, Counter(open=1000, save=3000))

    found = costs(
        Phase(60.0, 2.0, 0.5, Counter(login=1000)),
        starting,
        working,
        Phase(60.0, 1.0, 1.0, Counter({"hand-in": 1000})),
    )

    assert found == pytest.approx(
        {
            "login and waiting room": 2.5,
            "start, page and opening": 3.0,
            "save, all in": 0.5,
            "save or call": 0.4,
            "hand-in": 2.0,
        }
    )


def test_the_ceiling_of_work_follows_from_the_cost_of_a_save() -> None:
    cost = {
        "login and waiting room": 3.0,
        "start, page and opening": 3.0,
        "save, all in": 0.5,
        "hand-in": 3.0,
    }

    # 1,200 ms of CPU a second; 0.5 ms a save, one each 20 s: 0.025 ms a candidate and second.
    assert ceiling(cost) == pytest.approx(
        {
            "logins within a minute": 24_000,
            "starts within a minute": 16_000,
            "at work": 48_000,
            "hand-ins within a minute": 16_000,
        },
        abs=1,
    )


def test_centiles_are_those_of_the_delays() -> None:
    figures = Figures()
    for milliseconds in range(1, 1001):
        figures.took("save", milliseconds / 1000)

    row = figures.table()["save"]

    assert (row["count"], row["p50"], row["p99"], row["max"]) == (1000, 501.0, 991.0, 1000.0)


def test_invented_candidates_have_numbers_of_their_own() -> None:
    numbers = {candidate.citizen_number for candidate in cast(5000)}

    assert len(numbers) == 5000


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--candidates", "0"], "give 1 to"),
        (["--minutes", "0"], "give 0.5 to 600"),
        (["--spike", "600", "--minutes", "1"], "are left for work"),
        (["--url", "http://127.0.0.1:9"], "name the CSV file"),
        (["--url", "http://127.0.0.1:9", "--tickets", "no-such.csv"], "no-such.csv"),
    ],
)
def test_a_load_that_cannot_be_is_refused(words, reason, capsys) -> None:
    assert cli.main(["loadtest", *words]) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("candidates", "minutes", "factor"),
    [(5000, 5.0, 4.0), (900, 5.0, 1.0), (25_000, 5.0, 1.0), (5000, 1.5, 1.0)],
)
def test_at_the_end_everybody_is_as_busy_as_a_full_site(candidates, minutes, factor) -> None:
    given = argparse.Namespace(database="postgres", candidates=candidates, burst=30.0)
    course = loadtest._with_burst(given, Course((0, 50), 60.0, 60.0, 60.0 + minutes * 60, 60.0))
    begin = course.end - 30.0

    assert course.hurried(begin - 1) == begin - 1
    assert course.hurried(begin + 20) == begin + 20 / factor


def test_the_ceiling_by_the_burst_is_reckoned_with_what_a_save_cost_in_it() -> None:
    quiet = {
        "login and waiting room": 1.0,
        "start, page and opening": 3.0,
        "save, all in": 2.0,
        "hand-in": 1.0,
    }
    burst = Phase(30.0, 6.0, 3.0, Counter({"save in burst": 30_000, "call in burst": 20_000}))
    dear, cheap = ceiling(quiet), ceiling(at_rate(quiet, burst))

    assert dear["at work"] == 12_000
    assert cheap["at work"] == 80_000
    assert cheap["logins within a minute"] == dear["logins within a minute"] == 72_000


def test_what_saves_cost_is_told_apart_from_what_a_site_costs_anyway() -> None:
    working = Phase(100.0, 6.0, 0.0, Counter({"save": 10_000}))  # 60 ms a second at 100 saves a second
    burst = Phase(10.0, 1.0, 0.6, Counter({"save in burst": 5_000}))  # 160 ms at 500

    assert standing(working, burst) == {
        "one save more, cpu milliseconds": 0.25,
        "besides, cpu milliseconds a second": 35.0,
    }


@pytest.mark.parametrize("name", ["kills", "saves", "lanes", "workers"])
def test_chaos_of_nothing_is_refused(name, capsys) -> None:
    assert cli.main(["chaos", f"--{name}", "0"]) == 1
    assert f"--{name} 0" in capsys.readouterr().err
