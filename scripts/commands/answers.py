"""Reading an answer file with its key; columns left out are named."""

from __future__ import annotations

import argparse

from exam_engine.calibration.answer_file import AnswerFile, read_answers, read_key
from exam_engine.calibration.parquet_reading import PARQUET_SUFFIXES
from exam_engine.calibration.rules import KeyRefused, ResponsesRefused, SettingsRefused
from scripts.commands.output import warn
from scripts.commands.response_file import show_problems


def read_answer_file(arguments: argparse.Namespace) -> AnswerFile:
    """Read the answers and the key of the arguments; a refusal lists every place."""
    if arguments.responses.suffix.lower() in PARQUET_SUFFIXES:
        raise SettingsRefused(f"{arguments.responses}: answers that a key marks are read from CSV only")
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
    if not (answers.chosen == answers.key).any():
        first = next((one for one in answers.labels[0] if one != answers.labels[0][answers.key[0]]), "")
        raise KeyRefused(
            f"{arguments.key}: nobody gave any right answer; are answers and key written alike? Item "
            f'{answers.items[0]} has the key "{answers.labels[0][answers.key[0]]}" and answers such as "{first}"'
        )
    if answers.unkeyed:
        warn(f"columns without a key, left out: {', '.join(answers.unkeyed)}")
    if answers.unused:
        warn(f"keys without a column: {', '.join(answers.unused)}")
    return answers
