"""Reading an answer file with its key; columns left out are named."""

from __future__ import annotations

import argparse
import sys

from exam_engine.calibration.answer_file import AnswerFile, read_answers, read_key
from exam_engine.calibration.rules import ResponsesRefused, describe
from scripts.commands.output import warn


def read_answer_file(arguments: argparse.Namespace) -> AnswerFile:
    """Read the answers and the key of the arguments; a refusal lists every place."""
    key = read_key(arguments.key.read_bytes())
    try:
        answers = read_answers(
            arguments.responses.read_bytes(),
            key,
            group=getattr(arguments, "group", None),
            ignore=arguments.ignore,
        )
    except ResponsesRefused as refused:
        for problem in refused.problems[1:]:
            print(f"{arguments.responses}: {describe(problem)}", file=sys.stderr)
        raise
    if answers.unkeyed:
        warn(f"columns without a key, left out: {', '.join(answers.unkeyed)}")
    if answers.unused:
        warn(f"keys without a column: {', '.join(answers.unused)}")
    return answers
