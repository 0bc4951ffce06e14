"""Where a late answer file stands, and why one is refused. No I/O."""

from __future__ import annotations

from enum import StrEnum

from itembank.base.errors import Conflict, Forbidden, Invalid


class LateFileState(StrEnum):
    """Where a late answer file stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class AnswerFileOfAnother(Invalid):
    """The answer file names an attempt of another sitting, or none."""

    code = "answer_file_of_another"
    message = "This file belongs to an attempt of another sitting. Upload it there."


class AnswerFileTaken(Conflict):
    """The same answers were uploaded before."""

    code = "answer_file_taken"
    message = "This answer file was uploaded before; it stands in the list below."


class AnswerFileWrong(Invalid):
    """The file opens, but holds what cannot be an answer on that paper."""

    code = "answer_file_wrong"
    message = "The file holds an answer that does not fit the paper, so none was taken: {reason}"


class AttemptUnderWay(Conflict):
    """An answer file is for attempts that are over."""

    code = "attempt_under_way"
    message = (
        "This attempt is still under way: its page sends the answers by itself when the network is back. "
        "Upload the file after the end."
    )


class HandedInByCandidate(Conflict):
    """Whoever handed in has said that this is everything."""

    code = "handed_in_by_candidate"
    message = (
        "The candidate handed this attempt in and has the receipt. A late answer file is only for attempts that the "
        "server or an invigilator ended, and for parts whose time ran out."
    )


class SittingClosedForFiles(Conflict):
    """After the closing of a sitting nothing changes."""

    code = "sitting_closed_for_files"
    message = "The sitting is closed: answer files are uploaded and decided before."


class SecondPersonNeeded(Forbidden):
    """Who uploaded a file does not decide about it."""

    code = "second_person_needed"
    message = "You uploaded this file; somebody else must decide about it."


class LateFileDecided(Conflict):
    """The file was decided already."""

    code = "late_file_decided"
    message = "This file was decided already; nothing was changed."


class LateFilesUndecided(Conflict):
    """What may still change answers is decided before results are fixed."""

    code = "late_files_undecided"
    message = (
        "{count} late answer files wait for a second person, who decides whether their answers count. "
        "Decide them under “Late answer files” first."
    )
