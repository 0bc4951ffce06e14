"""The editor's tools on rows: fill, spread by weight, sort, move, duplicate, paste."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from exam_engine.papers.apportion import largest_remainder
from exam_engine.papers.bank import Node
from exam_engine.papers.blueprint import MAX_ROWS
from itembank.base.errors import Invalid
from web.i18n import Translate
from web.papers import labels
from web.papers.blueprints.editor import ROW_FIELDS, Editor, fraction, text_of, whole
from web.papers.forms import TYPES

PASTE_FIELDS = (
    "name",
    "node",
    "category",
    "type",
    "importance",
    "difficulty",
    "minimum",
    "maximum",
    "share",
    "tolerance",
    "points",
    "weight",
)
"""Columns of a table from a spreadsheet when it has no line of headings."""

_WHOLE = Decimal(100)


class PasteRefused(Invalid):
    """A cell of the pasted table has no meaning."""

    code = "blueprint_paste_refused"
    message = "Line {line}, {column}: “{value}” does not fit ({expected}). Nothing was added."


class PasteTooLong(Invalid):
    """More lines than a blueprint may have rows."""

    code = "blueprint_paste_too_long"
    message = "With these {lines} lines the blueprint would have more than {most} rows. Nothing was added."


class NothingToSpread(Invalid):
    """A node has no children, or nobody says how many items are to be spread."""

    code = "blueprint_nothing_to_spread"
    message = "“{node}” cannot be spread: it needs nodes below it, and a number of items of the sections or typed here."


def shares_of(nodes: Sequence[Node]) -> dict[str, Decimal]:
    """Return the share of the paper, in per cent, of each node.

    Outlines state weights either of the whole paper, so that those of a depth add up to 100, or of the node above.
    """
    by_depth = {
        d: sum((n.weight for n in nodes if n.depth == d), Decimal(0)) for d in {n.depth for n in nodes}
    }
    shares: dict[str, Decimal] = {}
    for node in nodes:  # each before its children
        above = shares.get(_parent(node.path), _WHOLE)
        family = sum((n.weight for n in nodes if _parent(n.path) == _parent(node.path)), Decimal(0))
        relative = by_depth[node.depth] > _WHOLE + 1 and abs(family - _WHOLE) <= 1
        shares[node.path] = above * node.weight / _WHOLE if relative else node.weight
    return shares


def fill(editor: Editor, nodes: Sequence[Node], depth: int) -> None:
    """Append a row for each node of a depth that has none yet, with its weight as share."""
    there = {row["node"] for row in editor.rows}
    for node in nodes:
        if node.depth == depth and node.path not in there:
            add_node(editor, nodes, node)


def add_node(editor: Editor, nodes: Sequence[Node], node: Node) -> None:
    """Append a row for a node with its weight as share."""
    share = shares_of(nodes)[node.path]
    editor.add_row(
        name=f"{node.path} {node.name}",
        node=node.path,
        share=text_of(round(share, 2)) if share else "",
        tolerance="1" if share else "",
    )


def spread(editor: Editor, nodes: Sequence[Node], path: str, _: Translate) -> None:
    """Give the children of a node (of the outline: empty ``path``) whole numbers in proportion to their weights.

    The number of items is the one typed, else that of the node's own row, else its share of the paper or of the type's
    section.
    Raises NothingToSpread.
    """
    children = [node for node in nodes if _parent(node.path) == path]
    kind = editor.head["spread_type"] if editor.head["spread_type"] in TYPES else ""
    total = whole(editor.head["spread_total"]) or _own_total(editor, nodes, path, kind)
    if not children or not total:
        raise NothingToSpread(node=path or _("the outline"))
    counts = largest_remainder(total, [node.weight for node in children])
    for node, count in zip(children, counts, strict=True):
        row = _plain_row(editor, node.path, kind)
        if row is None:
            words = " · ".join(
                filter(None, (f"{node.path} {node.name}", kind and _(labels.ITEM_TYPES[kind])))
            )
            row = editor.add_row(name=words, node=node.path, type=kind)
        if row is not None:
            row |= {"minimum": str(count), "maximum": str(count), "share": "", "tolerance": ""}


def move(editor: Editor, at: int, by: int) -> None:
    """Move a row up or down."""
    if 0 <= at < len(editor.rows) and 0 <= at + by < len(editor.rows):
        editor.rows.insert(at + by, editor.rows.pop(at))


def duplicate(editor: Editor, at: int) -> None:
    """Add a copy of a row below it, under a name of its own."""
    if 0 <= at < len(editor.rows) < MAX_ROWS:
        row = editor.rows[at]
        editor.rows.insert(at + 1, {**row, "name": editor.free_name(row["name"])})


def sort(editor: Editor, nodes: Sequence[Node]) -> None:
    """Put rows in the order of the outline, those without a node last, of a node by type."""
    order = {node.path: k for k, node in enumerate(nodes)}
    kinds = {kind: k for k, kind in enumerate(TYPES)}
    editor.rows.sort(
        key=lambda row: (
            order.get(row["node"], len(order)),
            row["category"],
            kinds.get(row["type"], -1),
            row["importance"],
            row["difficulty_low"],
        )
    )


def paste(editor: Editor, text: str, nodes: Sequence[Node], _: Translate) -> int:
    """Append the rows of a table copied from a spreadsheet and return their number.

    Columns are separated by tabs; a first line of headings, in the words of the editor, tells their order.
    Raises PasteRefused or PasteTooLong, and then adds nothing.
    """
    lines = [(n, line.split("\t")) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        return 0
    heads = _heads(lines[0][1], _)
    columns: Sequence[str | None] = heads or PASTE_FIELDS
    lines = lines[1:] if heads else lines
    if len(editor.rows) + len(lines) > MAX_ROWS:
        raise PasteTooLong(lines=len(lines), most=MAX_ROWS)
    paths = {node.path: node for node in nodes}
    named = {node.name: node.path for node in nodes}
    read = [_pasted(number, cells, columns, paths, named, _) for number, cells in lines]
    for row in read:
        editor.add_row(**row)
    return len(read)


def _heads(cells: Sequence[str], _: Translate) -> list[str | None] | None:
    words = {}
    for field in PASTE_FIELDS:
        label = labels.field_label(field, _)
        for word in (field, label, label.removesuffix("%").strip()):
            words[word.casefold()] = field
    found = [words.get(cell.strip().casefold()) for cell in cells]
    return found if sum(field is not None for field in found) >= max(2, len(cells) // 2) else None


def _pasted(
    number: int,
    cells: Sequence[str],
    columns: Sequence[str | None],
    paths: Mapping[str, Node],
    named: Mapping[str, str],
    _: Translate,
) -> dict[str, str]:
    row = dict.fromkeys(ROW_FIELDS, "")
    for field, cell in zip(columns, (c.strip() for c in cells), strict=False):
        if field is None or not cell:
            continue

        def refuse(expected: str, field: str = field, cell: str = cell) -> PasteRefused:
            return PasteRefused(
                line=number, column=labels.field_label(field, _), value=cell[:40], expected=expected
            )

        if field == "node":
            code = cell.split()[0]
            found = code if code in paths else named.get(cell)
            if found is None:
                raise refuse(_("a code or name of the outline"))
            row["node"] = found
        elif field == "type":
            row["type"] = _typed(cell, _, refuse)
        elif field == "difficulty":
            row["difficulty_low"], row["difficulty_high"] = _difficulty(cell, refuse)
        elif field in ("minimum", "maximum", "points"):
            count = whole(cell)
            if count is None:
                raise refuse("0, 1, 2…")
            row[field] = str(count)
        elif field in ("share", "tolerance", "weight"):
            value = fraction(cell.rstrip("%％"))
            if value is None:
                raise refuse("5, 12.5")
            row[field] = text_of(value)
        else:
            row[field] = cell[:80]
    if not row["name"]:
        node = paths.get(row["node"])
        kind = labels.ITEM_TYPES.get(row["type"], "")
        parts = [
            f"{node.path} {node.name}" if node else "",
            row["category"],
            kind and _(kind),
            row["importance"],
        ]
        row["name"] = " · ".join(filter(None, parts))
    return row


def _typed(cell: str, _: Translate, refuse: Callable[[str], PasteRefused]) -> str:
    for kind, label in labels.ITEM_TYPES.items():
        if cell.casefold() in (kind, label.casefold(), _(label), _(label).removesuffix("题")):
            return kind
    raise refuse(" / ".join(_(label) for label in labels.ITEM_TYPES.values()))


def _difficulty(cell: str, refuse: Callable[[str], PasteRefused]) -> tuple[str, str]:
    parts = [whole(part) for part in cell.replace("–", "-").replace("~", "-").replace("～", "-").split("-")]
    if not 1 <= len(parts) <= 2 or None in parts:
        raise refuse("3, 1-2")
    return str(parts[0]), str(parts[-1])


def _plain_row(editor: Editor, path: str, kind: str) -> dict[str, str] | None:
    """The row for a node and type without any other condition."""
    crossed = ("category", "importance", "difficulty_low", "difficulty_high")
    for row in editor.rows:
        if row["node"] == path and row["type"] == kind and not any(row[part] for part in crossed):
            return row
    return None


def _own_total(editor: Editor, nodes: Sequence[Node], path: str, kind: str) -> int:
    base = sum(whole(part["count"]) or 0 for name, part in editor.sections.items() if kind in ("", name))
    if not path:
        return base
    row = _plain_row(editor, path, kind) or dict.fromkeys(ROW_FIELDS, "")
    share = fraction(row["share"]) or shares_of(nodes).get(path, Decimal(0))
    return whole(row["minimum"]) or whole(row["maximum"]) or round(base * share / 100)


def _parent(path: str) -> str:
    return path.rpartition("-")[0]
