"""Specifications as TOML: both ways the same, and refusals that name place, field and what would be right."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exam_engine.assembly import (
    Among,
    Anchor,
    Between,
    Count,
    CurveTarget,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    InformationTarget,
    Is,
    Maximin,
    Maximise,
    MeanTarget,
    Minimise,
    Overlap,
    Parallel,
    PerValue,
    Pool,
    Reference,
    ScoreTarget,
    Sets,
    Share,
    Specification,
    Sum,
    SumTarget,
    Use,
)
from exam_engine.assembly.language import (
    SpecificationFile,
    SpecificationRefused,
    check_fit,
    read_specification,
    write_specification,
)
from exam_engine.assembly.specification import Rule, Target

texts = st.text("aZ7 \"'\\#=.甲λ", min_size=1, max_size=4).filter(str.strip)
labels = st.text("a\n\t\x7f\"'\\]}甲😀", max_size=3)
attributes = texts
numbers = st.integers(-1000, 1000).map(lambda k: k / 7)
counts = st.integers(0, 20)
conditions = st.one_of(
    st.builds(Is, attributes, labels),
    st.builds(Is, attributes, st.just("b"), st.just("c")),
    st.builds(lambda name, low: Between(name, low, low + 1 / 3), attributes, numbers),
    st.builds(Between, attributes, high=numbers),
    st.builds(Among, texts),
)
some = st.lists(conditions, min_size=1, max_size=3).map(tuple)
filters = st.just(()) | some
pair = st.just(("i1", "i 2"))
papers = st.dictionaries(texts, pair, max_size=2).map(lambda found: tuple(found.items()))
above = counts.map(lambda k: k + 20)
KINDS: list[st.SearchStrategy[Rule]] = [
    st.builds(
        Count,
        name=st.just(""),
        where=filters,
        minimum=counts,
        maximum=above | st.none(),
        structural=st.booleans(),
    ),
    st.builds(Count, name=st.just(""), minimum=counts, weight=st.just(0.5), priority=st.sampled_from([1, 2])),
    st.builds(Sum, name=st.just(""), attribute=attributes, where=filters, minimum=numbers),
    st.builds(Share, name=st.just(""), where=some, of=filters, attribute=attributes, minimum=st.just(1 / 3)),
    st.builds(Distinct, name=st.just(""), attribute=attributes, minimum=counts, maximum=above, where=filters),
    st.builds(Sets, name=st.just(""), attribute=attributes, minimum=st.none() | st.just(2), where=filters),
    st.builds(If, name=st.just(""), given=some, where=filters, minimum=counts, maximum=above),
    st.builds(PerValue, name=st.just(""), attribute=attributes, maximum=above, where=filters),
    st.builds(Enemies, name=st.just(""), groups=st.tuples(pair, pair)),
    st.builds(Include, name=st.just(""), ids=pair),
    st.builds(Exclude, name=st.just(""), ids=pair),
    st.builds(Parallel, name=st.just(""), by=pair, where=filters),
    st.builds(Count, name=st.just(""), minimum=counts, scope=st.sampled_from(["form", "all", "pool"])),
    st.builds(
        Overlap,
        name=st.just(""),
        where=filters,
        minimum=counts,
        maximum=above | st.none(),
        anchors=st.booleans(),
    ),
    st.builds(Anchor, name=st.just(""), where=some, minimum=counts, maximum=above | st.none()),
    st.builds(Use, name=st.just(""), where=filters, maximum=counts) | st.just(Use(name="", attribute="left")),
    st.builds(Earlier, name=st.just(""), papers=papers, maximum=counts)
    | st.builds(Earlier, name=st.just(""), papers=st.just(()), share=st.just(0.1)),
]
near = st.none() | st.just(0.1)
abilities = st.sampled_from([(0.5,), (-1.0, 1.0)])
TARGETS: list[st.SearchStrategy[Target]] = [
    st.builds(InformationTarget, name=st.just(""), theta=numbers, goal=numbers.map(abs), tolerance=near),
    st.builds(CurveTarget, name=st.just(""), theta=numbers, goal=numbers, marks=attributes, scale=near),
    st.builds(SumTarget, name=st.just(""), attribute=attributes, goal=numbers, tolerance=near, scale=near),
    st.builds(MeanTarget, name=st.just(""), attribute=attributes, goal=numbers, length=above),
    st.builds(
        ScoreTarget, name=st.just(""), p=attributes, marks=attributes, goal=numbers, priority=st.just(2)
    ),
    st.builds(Maximise, name=st.just(""), theta=abilities, where=filters),
    st.builds(Minimise, name=st.just(""), attribute=attributes, where=filters, priority=st.just(3)),
    st.builds(Maximin, name=st.just(""), theta=st.just((-1.0, 1.0)), weights=st.none() | st.just((1.0, 2.0))),
    st.builds(Reference, name=st.just(""), ids=pair, theta=abilities, marks=attributes, curve=st.booleans()),
]


@st.composite
def files(draw: st.DrawFn) -> SpecificationFile:
    """Return one rule or target of each of some kinds, named in turn."""
    parts = [draw(one) for one in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))]
    ends = [draw(one) for one in draw(st.lists(st.sampled_from(TARGETS), max_size=2))]
    stem = draw(texts)
    specification = Specification(
        [replace(part, name=f"{stem} {at}") for at, part in enumerate(parts)],
        [replace(end, name=f"{stem} t{at}") for at, end in enumerate(ends)],
        draw(st.sampled_from([None, 1, 3])),
    )
    return SpecificationFile(
        specification, draw(st.sampled_from([None, 2])), draw(st.sampled_from([None, 7]))
    )


@example(SpecificationFile(Specification([If(name="r", given=(Is("case", "c"),), where=(), maximum=3)])))
@settings(max_examples=60)
@given(files())
def test_what_is_written_reads_back_as_the_same(file: SpecificationFile) -> None:
    assert read_specification(write_specification(file)) == file


def test_what_the_language_has_no_words_for_is_not_written_as_something_else() -> None:
    rule = Count(name="r", where=(Between("marks"),), minimum=1)

    with pytest.raises(ValueError, match=r"rule 1.*where\.marks: the range is empty"):
        write_specification(SpecificationFile(Specification([rule])))


def test_a_number_a_text_and_several_tables_are_conditions() -> None:
    text = """
    [[rule]]
    kind = "sum"
    name = "r"
    attribute = "marks"
    where = [{ level = 3, type = "single" }, { level = { to = 5 }, ids = ["i"] }]
    exactly = 10
    """

    [rule] = read_specification(text).specification.rules

    where = (Between("level", 3, 3), Is("type", "single"), Between("level", high=5), Among("i"))
    assert rule == Sum(name="r", attribute="marks", where=where, minimum=10, maximum=10)
    assert math.isinf(where[2].low)  # type: ignore[union-attr]


COUNT = '[[rule]]\nkind = "count"\nname = "r"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("forms = 2\nforms = = 3", "^this is not TOML: .*line 2"),
        ("form = 2", 'specification, form: unknown: did you mean "forms"?'),
        ("forms = 0", "specification, forms: 0 is not a whole number from 1 to 1000000"),
        ("forms = true", "specification, forms: true is not a whole number"),
        ('max_use = "often"', 'max_use: "often" is not a whole number from 1, or "unlimited"'),
        ("forms = 2", r"there is no \[\[rule\]\] and no \[\[target\]\]"),
        ('[rule]\nkind = "count"', r"rule: write each rule as a table under its own line \[\[rule\]\]"),
        ('[[rule]]\nkind = "count"', "rule 1, name: is missing"),
        (
            '[[rule]]\nname = "r"\nkind = "cuont"',
            'rule 1 "r", kind: "cuont" is unknown: did you mean "count"?',
        ),
        (COUNT + "minimun = 3", 'rule 1 "r", minimun: unknown in kind "count": did you mean "minimum"?'),
        (COUNT, 'rule 1 "r": nothing is asked for: give minimum, maximum, exactly'),
        (COUNT + 'minimum = "3"', 'rule 1 "r", minimum: "3" is not a whole number'),
        (COUNT + "minimum = 3\nmaximum = 2", 'rule 1 "r": minimum 3 is above maximum 2'),
        ('[[rule]]\nkind = "share"\nname = "r"\nminimum = 0.5', 'rule 1 "r", where: is missing'),
        (COUNT + "minimum = 3\nexactly = 3", 'rule 1 "r", exactly: stands alone'),
        (COUNT + "minimum = 3\nwhere = {}", 'rule 1 "r", where: the filter is empty'),
        (COUNT + "minimum = 3\nwhere = { type = [] }", 'rule 1 "r", where.type: the list is empty'),
        (COUNT + 'minimum = 3\nwhere = { type = ["x", "x"] }', 'where.type: "x" is named twice'),
        (COUNT + "minimum = 3\nwhere = { b = { from = nan } }", "where.b.from: nan is not a number between"),
        (COUNT + "minimum = 3\nwhere = { b = { from = 2, to = 1 } }", "where.b: from 2 is above to 1"),
        (COUNT + "minimum = 3\n" + COUNT + "minimum = 1", 'rule 2 "r", name: rule 1 has the same name'),
        (
            '[[rule]]\nkind = "sum"\nname = "r"\nattribute = "marks"\nmaximum = 1e400',
            "maximum: inf is not a number between",
        ),
        (
            '[[rule]]\nkind = "share"\nname = "r"\nwhere = { t = "x" }\nmaximum = 25',
            "write a quarter as 0.25",
        ),
        (COUNT + 'minimum = 3\nscope = "al"', 'rule 1 "r", scope: "al" is unknown: did you mean "all"?'),
        ('[[rule]]\nkind = "overlap"\nname = "r"', 'rule 1 "r": nothing is asked for'),
        (
            '[[rule]]\nkind = "earlier"\nname = "r"\nmaximum = 1\npapers = ["a"]',
            'papers: a list of 1 is not a table of earlier papers, such as { "spring"',
        ),
        (
            '[[rule]]\nkind = "use"\nname = "r"\nmaximum = 1\nattribute = "left"',
            'rule 1 "r".*needs a maximum or an attribute',
        ),
        ('[[rule]]\nkind = "enemies"\nname = "r"\ngroups = [["i"]]', r'groups\[1\]: "i" alone is no group'),
        ('[[target]]\nkind = "mean"\nname = "t"\ngoal = 3', 'target 1 "t", attribute: is missing'),
        (
            '[[target]]\nkind = "information"\nname = "t"\ntheta = 0\ngoal = -3',
            'target 1 "t": the goal is -3.0: information is never below 0',
        ),
        (
            '[[target]]\nkind = "information"\nname = "t"\ntheta = 0\ngoal = 3\ntolerance = 0',
            'target 1 "t", tolerance: 0 is not above 0',
        ),
        ("slack = -1\n" + COUNT + "minimum = 1", "slack: -1 is not a number from 0"),
        (
            COUNT + "minimum = 3\npriority = 2",
            'rule 1 "r": must hold: a priority needs a weight',
        ),
        ('[[target]]\nkind = "maximin"\nname = "t"\ntheta = []', 'target 1 "t", theta: the list is empty'),
        (
            '[[target]]\nkind = "maximin"\nname = "t"\ntheta = [0, 1]\nweights = [1]',
            'target 1 "t": 1 weights for 2 abilities',
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(SpecificationRefused, match=message):
        read_specification(text)


POOL = Pool(
    ids=["i", "j"], numeric={"marks": [1, 1]}, categorical={"type": ["single", "single"], "case": ["", ""]}
)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            Sum(name="r", attribute="mark", minimum=1),
            'attribute: .* no attribute "mark": did you mean "marks"?',
        ),
        (
            Sum(name="r", attribute="type", minimum=1),
            'attribute: "type" holds labels in the pool, not numbers',
        ),
        (Count(name="r", where=(Among("k"),), minimum=1), 'where.ids: the pool has no item "k"'),
        (Enemies(name="r", groups=(("i", "k"),)), r'groups\[1\]: the pool has no item "k"'),
        (Count(name="r", where=(Is("type", "multiple"),), maximum=1), "where: the filter selects no item"),
        (Sets(name="r", attribute="marks"), '"marks" holds numbers in the pool, not labels'),
        (Sets(name="r", attribute="case"), 'attribute: there are no sets: no item has a value of "case"'),
    ],
)
def test_a_rule_that_does_not_fit_the_pool_is_named_with_its_field(rule: Rule, message: str) -> None:
    with pytest.raises(SpecificationRefused, match=f'rule 1 "r", {message}|rule 1 "r".*{message}'):
        check_fit(Specification([rule]), POOL)


def test_an_attribute_cannot_be_numbers_here_and_labels_there() -> None:
    both = [Sum(name="sum", attribute="level", minimum=1), PerValue(name="each", attribute="level")]

    with pytest.raises(
        SpecificationRefused, match='takes "level" as labels, rule 1 "sum" takes it as numbers'
    ):
        check_fit(Specification(both), POOL)


def test_a_value_that_no_item_has_is_remarked_and_parameters_are_asked_for() -> None:
    wanted = Count(name="r", where=(Is("type", "singel"),), minimum=1)

    assert check_fit(Specification([wanted]), POOL) == (
        'rule 1 "r", where.type: no item has "singel"; did you mean "single"?',
    )
    with pytest.raises(SpecificationRefused, match='target 1 "t", theta: the pool has no item parameters'):
        check_fit(Specification([], [InformationTarget(name="t", theta=0, goal=1)]), POOL)
