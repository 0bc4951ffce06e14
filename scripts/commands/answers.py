"""Reading an answer file with its key; columns left out are named."""

from __future__ import annotations

import argparse

from exam_engine.calibration.answer_file import AnswerFile, read_answers, read_key
from exam_engine.calibration.rules import KeyRefused, ResponsesRefused
from scripts.commands.output import warn
from scripts.commands.response_file import show_problems


def read_answer_file(arguments: argparse.Namespace) -> AnswerFile:
    """Read the answers and the key of the arguments; a refusal lists every place."""
    try:
        key = read_key(arguments.key.read_bytes())
    except KeyRefused as refused:
        raise KeyRefused(f"{arguments.key}: {refused.reason}") from None
    try:
        answers = read_answers(
            arguments.responses.read_bytes(),
            key,
            group=getattr(arguments, "group", None),
            ignore=arguments.ignore,
            absent=arguments.absent,
        )
    except ResponsesRefused as refused:
        show_problems(arguments.responses, refused)
        raise
    if answers.unkeyed:
        warn(f"columns without a key, left out: {', '.join(answers.unkeyed)}")
    if answers.unused:
        warn(f"keys without a column: {', '.join(answers.unused)}")
    return answers
