"""Goals of the editor that are taken from the bank or an earlier paper."""

from __future__ import annotations

from uuid import UUID

from exam_engine.papers import service as papers
from exam_engine.papers.goals import THETAS
from itembank.base.errors import Invalid
from itembank.taxonomy.rules import Level
from web.deps import Context
from web.papers.blueprints.editor import SHOWN_TARGETS, TARGET_FIELDS, TARGET_ROWS, Editor, fraction


class CutOutOfRange(Invalid):
    """The cut score is no ability."""

    code = "blueprint_cut_out_of_range"
    message = "The cut score “{value}” is no ability between −6 and 6."


class PaperNotChosen(Invalid):
    """Goals were asked from a paper and none was chosen."""

    code = "blueprint_paper_not_chosen"
    message = "Choose the paper whose curves are to be the goals."


def take(ctx: Context, editor: Editor, source: str, occupation_id: UUID, level: Level) -> str:
    """Fill the lines of targets from the ``bank`` or the chosen ``paper``, and return what was done.

    Abilities typed so far are kept; without any, −2 to 2 and the cut score are taken.

    Raises CutOutOfRange, PaperNotChosen, or why the source tells no goals.
    """
    thetas = _thetas(editor)
    if source == "paper":
        chosen = editor.head["paper"]
        if not chosen:
            raise PaperNotChosen
        found = papers.paper_goals(ctx.session, paper_id=_uuid(chosen), thetas=thetas)
    else:
        found = papers.bank_goals(
            ctx.session,
            occupation_id=occupation_id,
            level=level,
            spec=_without_targets(editor).spec(),
            thetas=thetas,
        )
    was = {target["theta"]: target for target in editor.targets}
    lines = [
        dict.fromkeys(TARGET_FIELDS, "")
        | was.get(f"{theta:g}", {})
        | {"theta": f"{theta:g}", "information": f"{information:.3g}", "curve": f"{score:.4g}"}
        for theta, information, score in zip(found.thetas, found.information, found.score, strict=True)
    ]
    blank = [dict.fromkeys(TARGET_FIELDS, "") for _ in range(max(1, SHOWN_TARGETS - len(lines)))]
    editor.targets = [*lines, *blank][:TARGET_ROWS]
    if source == "paper":
        return ctx._(
            "The goals are what the paper gives at these abilities. Clear those that you do not want."
        )
    return ctx._(
        "The goals are what an average form of this bank gives at these abilities. Clear those that you do not want."
    )


def _thetas(editor: Editor) -> tuple[float, ...]:
    typed = [value for target in editor.targets if (value := fraction(target["theta"])) is not None]
    found = {float(value) for value in typed if abs(value) <= 6} or set(THETAS)
    if editor.head["cut"]:
        cut = fraction(editor.head["cut"])
        if cut is None or abs(cut) > 6:
            raise CutOutOfRange(value=editor.head["cut"][:20])
        found.add(float(cut))
    return tuple(sorted(found))[:TARGET_ROWS]


def _without_targets(editor: Editor) -> Editor:
    head = editor.head | dict.fromkeys(("mean_goal", "mean_tolerance", "mean_p_goal", "mean_p_tolerance"), "")
    return Editor(editor.name, head, editor.sections, editor.rows, [], editor.equal, editor.share_items)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise PaperNotChosen from None
