"""Random original questions written down in random untidy layouts."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

SUBJECTS = (
    "安全帽", "灭火器", "万用表", "测电笔", "交流电动机", "接触器KM1", "3D打印机", "5G基站", "2号配电柜",
    "PLC程序", "游标卡尺", "Excel表格", "C语言程序", "A类灭火器", "绝缘手套（低压）", "U盘",
)  # fmt: skip
PREDICATES = (
    "主要用于", "使用前应当", "损坏后应当", "的检查周期为", "存放时要求", "属于以下哪一类", "在1kV以下使用时应",
)  # fmt: skip
PLACES = ("", "在车间内，", "按照规程，", "下列说法中，", "雷雨天气时，", "夜班交接时，")
OPTION_TEXTS = (
    "防止触电", "测量电压", "每年校验一次", "放在干燥处", "立即停用", "由2人操作", "报告班组长", "切断电源",
    "3个月", "0.5MPa", "Ctrl+S", "IP地址", "CPU使用率", "继续使用（需监护）", "不超过36V", "DATE_FORMAT",
    "以上都是", "A和C都可以",
    "R2", "1：100", "温度、湿度", "“暂存”按钮", "MakeSense.ai", "fetchone()",
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What was meant, whatever the sheet makes of it."""

    type: str
    stem: str
    options: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """How a question is written."""

    number: str
    label: str
    per_line: str
    key: str
    blank: str
    glued: bool


NUMBERS = (
    "{n}.{s}", "{n}、{s}", "{n}．{s}", "{n}{s}", "{n} {s}",
    "（{n}）{s}", "{n}) {s}", "第{n}题 {s}", "{n}.  {s}",
)  # fmt: skip
LABELS = (
    "（{l}）{t}", "({l}) {t}", "{l}.{t}", "{l}．{t}", "{l}、{t}",
    "{l}：{t}", "【{l}】{t}", "{f}．{t}", "（{f}）{t}",
)  # fmt: skip
KEYS = ("tab", "quote tab", "spaces", "stem", "line", "brackets line", "bare line", "inline")
TRUTH_KEYS = ("glued", "tab", "stem", "bracket end", "options", "line", "word")


@st.composite
def choice(draw: st.DrawFn, *, multiple: bool) -> Question:
    stem = draw(st.sampled_from(PLACES)) + draw(st.sampled_from(SUBJECTS)) + draw(st.sampled_from(PREDICATES))
    options = draw(st.lists(st.sampled_from(OPTION_TEXTS), min_size=3, max_size=6, unique=True))
    letters = "ABCDEF"[: len(options)]
    if multiple:
        key = tuple(sorted(draw(st.sets(st.sampled_from(letters), min_size=2))))
    else:
        key = (draw(st.sampled_from(letters)),)
    return Question("multiple_choice" if multiple else "single_choice", stem, tuple(options), key)


@st.composite
def statement(draw: st.DrawFn) -> Question:
    parts = [draw(st.sampled_from(words)) for words in (PLACES, SUBJECTS, PREDICATES)]
    return Question("true_false", "".join(parts) + "防潮。", (), (draw(st.sampled_from("TF")),))


layouts = st.builds(
    Layout,
    number=st.sampled_from(NUMBERS),
    label=st.sampled_from(LABELS),
    per_line=st.sampled_from(("one", "two", "all")),
    key=st.sampled_from(KEYS),
    blank=st.sampled_from(("", "（）", "（　　）", "( )")),
    glued=st.booleans(),
)


def written(question: Question, number: int, layout: Layout) -> list[str]:
    """Return the lines of a choice question in a layout."""
    key = "".join(question.key)
    stem = question.stem + (f"（ {key} ）" if layout.key == "stem" else layout.blank)
    options = [
        layout.label.format(l=letter, f=chr(ord(letter) + 0xFEE0), t=text)
        for letter, text in zip("ABCDEF", question.options, strict=False)
    ]
    size = {"one": 1, "two": 2, "all": len(options)}[layout.per_line]
    rows = ["  ".join(options[start : start + size]) for start in range(0, len(options), size)]
    tail = {"tab": f"\t{key}", "quote tab": f'"\t{key}', "spaces": f"    {key}", "inline": f" 答案：{key}"}
    rows[-1] += tail.get(layout.key, "")
    lines = [layout.number.format(n=number, s=stem), *rows]
    if layout.glued and layout.label[0] in "（(【":
        lines = [lines[0] + lines[1], *lines[2:]]
    last = {"line": f"答案：{key}", "brackets line": f"【答案】{key}", "bare line": key}
    return [*lines, *([last[layout.key]] if layout.key in last else [])]


def written_statement(question: Question, number: int, layout: Layout, truth_key: str) -> list[str]:
    """Return the lines of a true/false question in a layout."""
    true = question.key == ("T",)
    mark, word = ("√", "正确") if true else ("×", "错误")
    first = layout.number.format(n=number, s=question.stem)
    if truth_key == "options":
        return [first, "（A）正确", '（B）错误"\t' + ("A" if true else "B")]
    if truth_key == "line":
        return [first, f"答案：{word}"]
    ends = {"glued": mark, "tab": f"\t{mark}", "stem": f"（ {mark} ）", "bracket end": f"（{word}）"}
    ends["word"] = f"  {word}"
    return [first + ends[truth_key]]
