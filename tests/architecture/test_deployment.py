"""The files in deploy/ and the operator's page say what the program knows: variables and commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from scripts.cli import parser
from web.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = sorted((ROOT / "deploy").iterdir())
PAGE = ROOT / "docs" / "operations.md"


def test_every_variable_is_a_setting() -> None:
    settings = {f"EXAM_ENGINE_{name.upper()}" for name in Settings.model_fields}

    named = {
        name for file in (*DEPLOY, PAGE) for name in re.findall(r"EXAM_ENGINE_[A-Z_]+", file.read_text())
    }

    assert len(named) > 8
    assert named <= settings


def test_what_the_compose_file_asks_for_is_in_its_example() -> None:
    texts = [(ROOT / "deploy" / name).read_text() for name in ("compose.yaml", "Caddyfile")]
    asked = {name for text in texts for name in re.findall(r"\{\$?([A-Z_]+)", text)}
    given = dict(
        line.split("=", 1)
        for line in (ROOT / "deploy/example.env").read_text().splitlines()
        if "=" in line and line[0] != "#"
    )

    assert asked == set(given)
    processes = int(given["WORKERS"]) + 1
    assert int(given["CONNECTIONS"]) > 44 * processes


def test_every_command_can_be_typed() -> None:
    texts = [file.read_text() for file in (*DEPLOY, PAGE)]
    typed = {
        line for text in texts for line in re.findall(r"(?:ExecStart=\S*/|`)exam-engine ([^`\n]+)", text)
    }
    typed |= {
        " ".join(re.findall(r"[\w-]+", words))
        for text in texts
        for words in re.findall(r'\["?exam-engine"?,(.+)\]', text)
    }
    known = parser()

    assert {line.split()[0] for line in typed} == {"serve", "audit", "loadtest"}
    for line in typed:
        known.parse_args(shlex.split(re.sub(r"\bN\b|WORKERS.*", "2", line)))
