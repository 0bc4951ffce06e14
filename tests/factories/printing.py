"""Contents of papers to be printed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from exam_engine.papers.content import SealedEntry, SealedPaper, canonical_bytes, digest_of, in_sections
from exam_engine.papers.printing.layout import Head, PrintedPaper, print_layout
from exam_engine.papers.printing.rules import Variant
from itembank.items.rules import ItemContent, ItemType, Option

SINGLE, MULTIPLE, JUDGEMENT = ItemType.SINGLE_CHOICE, ItemType.MULTIPLE_CHOICE, ItemType.TRUE_FALSE


def entry(
    number: int, kind: ItemType, stem: str, options: Sequence[str] = (), key: str = "T", marks: str = "0.5"
) -> SealedEntry:
    """Return an item of a paper; ``key`` holds its letters."""
    content = ItemContent(kind, stem, tuple(map(Option, "ABCDEFGHIJK", options)), tuple(key))
    return SealedEntry(UUID(int=number), UUID(int=10_000 + number), kind, Decimal(marks), content)


def theory_paper(singles: int = 40, multiples: int = 5, judgements: int = 20) -> SealedPaper:
    """Return a paper whose keys are all A, then AB, then mostly true, with formulas and options of all lengths."""
    texts = (
        ("安培", "伏特", "欧姆", "瓦特"),
        ("职业守则", "操作规程，即在生产中必须遵守的步骤", "工艺文件", "以上都对"),
        (
            "先验电，并在验明确无电压后装设接地线，再悬挂标示牌和装设遮栏",
            "约时停送电",
            "带电作业",
            "湿手操作",
        ),
        ("$\\frac{U}{R}$", "$UI$", "$\\sqrt{3}UI\\cos\\varphi$", "$I^2R$"),
    )
    made = [
        entry(at, SINGLE, f"第{at}个问题：电流 $I = \\frac{{U}}{{R}}$ 的单位是", texts[at % 4], "A")
        for at in range(singles)
    ]
    made += [
        entry(
            1000 + at,
            MULTIPLE,
            f"安全用具有（　　）（{at}）。",
            ("手套", "靴", "验电器", "帽", "带"),
            "AB",
            "2",
        )
        for at in range(multiples)
    ]
    made += [
        entry(2000 + at, JUDGEMENT, f"电流互感器二次侧严禁开路（{at}）。", key="F" if at % 4 == 3 else "T")
        for at in range(judgements)
    ]
    total = sum((one.marks for one in made), Decimal(0))
    return SealedPaper(UUID(int=7), "LSP26X_000001", 90, total, in_sections(made))


def printed(
    paper: SealedPaper, variant: Variant = Variant.A, *, is_draft: bool = False, state: str = "已封存"
) -> PrintedPaper:
    """Return a paper as one of its variants prints it."""
    head = Head(
        institution="某评价机构",
        occupation="电工",
        level="三级/高级工",
        label=paper.label,
        variant=variant,
        minutes=paper.minutes,
        total_marks=paper.total_marks,
        state=state,
        digest=digest_of(canonical_bytes(paper)),
        is_draft=is_draft,
    )
    return print_layout(paper, head)
