"""Words of the examination page."""

from __future__ import annotations

from web.i18n import N_

SECTION_NAMES: dict[str, str] = {
    "single_choice": N_("Single-choice questions"),
    "multiple_choice": N_("Multiple-choice questions"),
    "true_false": N_("True/false questions"),
}

SECTION_HINTS: dict[str, str] = {
    "single_choice": N_("Choose the one right option."),
    "multiple_choice": N_("Choose all right options; there is more than one."),
    "true_false": N_("Judge whether the statement is right or wrong."),
}

PAGE_WORDS: dict[str, str] = {
    "saved": N_("Saved"),
    "saving": N_("Saving…"),
    "unsaved": N_("Not saved ({n}) — keep working, it is sent again by itself"),
    "offline": N_("Offline since {time} — keep working, answers are kept on this machine"),
    "stopped": N_("This page takes no more answers."),
    "stopped_unsent": N_("This page takes no more answers; {n} of its answers were not sent."),
    "memory": N_("This machine cannot keep answers: do not close or reload the page until all is saved."),
    "answered": N_("answered"),
    "unanswered": N_("not answered"),
    "flagged": N_("flagged"),
    "question": N_("Question {n}"),
    "progress": N_("{answered} of {total} answered"),
    "flag": N_("Flag this question"),
    "unflag": N_("Remove the flag"),
    "strike": N_("Strike out"),
    "unstrike": N_("Take back the strike"),
    "no_sum": N_("This is no sum."),
    "minutes_left": N_("{n} minutes left"),
    "time_over": N_("Time is over. Your paper is being handed in…"),
    "time_over_saved": N_(
        "Time is over and all your answers are saved. The server hands your paper in by itself; "
        "the receipt appears when the network is back."
    ),
    "time_over_unsaved": N_(
        "Time is over and {n} answers have not reached the server. Leave this page open and tell the invigilator."
    ),
    "all_answered": N_("All questions are answered."),
    "some_unanswered": N_("{n} questions are not answered:"),
    "some_flagged": N_("{n} questions are flagged:"),
    "sending_before": N_("Sending the last answers…"),
    "not_all_saved": N_(
        "{n} answers have not reached the server, so the paper cannot be handed in yet. Wait for the network or "
        "tell the invigilator; nothing is lost."
    ),
    "not_handed_in": N_("The server could not be reached. Your answers are saved; try to hand in again."),
    "part_over": N_("The time of this part is over. Going on to the next one…"),
    "part_waiting": N_(
        "The time of this part is over and the network is away, so the next part cannot be opened. Leave this page "
        "open: it goes on by itself when the network is back. Tell the invigilator; the time of the next part runs."
    ),
    "not_gone_on": N_(
        "The server could not be reached. The next part needs it; your answers are kept. Try again."
    ),
    "part_not_saved": N_(
        "{n} answers have not reached the server, so this part cannot be ended yet. Wait for the network or tell the "
        "invigilator; nothing is lost."
    ),
    "part_missed": N_(
        "{n} answers of a former part did not reach the server in time. Save them to a file and tell the invigilator."
    ),
    "closed": N_("The examination is over for you. {n} answers did not reach the server in time."),
    "save_file": N_("Save the answer file"),
    "file_how": N_(
        "Save them to a file and give it to the invigilator. Two people decide whether it counts. "
        "Leaving this page for the receipt deletes the answers from this machine."
    ),
    "file_saved": N_(
        "The file is in the download folder. Tell the invigilator now; do not switch the machine off."
    ),
    "other_tab": N_(
        "The examination was opened in another window of this machine, which goes on. This one can only be read."
    ),
    "session_over": N_("Your login has ended. Log in again to continue; your answers are kept."),
    "log_in": N_("Log in again"),
    "here_tab": N_("Go on working in this window"),
    "here": N_("Go on working on this device"),
}
