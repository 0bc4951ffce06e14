"""Foreign JSON by a declared mapping."""

from __future__ import annotations

import json

import pytest

from itembank.interchange.errors import JsonUnreadable, MappingMissing, MappingUnreadable
from itembank.interchange.formats import parse
from itembank.interchange.mapping import parse_mapped, read_mapping
from itembank.interchange.report import ImportReport


def mapped(toml: str, value: object) -> ImportReport:
    return parse_mapped(json.dumps(value, ensure_ascii=False).encode(), read_mapping(toml.encode()))


OBJECTS = """
items = "bank.questions"
[fields]
stem = "body.text"
type = "kind"
options = "choices"
key = "right"
category = "chapter"
reference = "code"
[types]
"1" = "single_choice"
"2" = "multiple_choice"
"3" = "true_false"
[options]
label = "id"
text = "t"
"""


def test_nested_objects_are_found_by_their_paths() -> None:
    report = mapped(OBJECTS, {"bank": {"questions": [
        {"body": {"text": "量长度用"}, "kind": 1, "choices": [{"id": "a", "t": "卷尺"}, {"id": "b", "t": "天平"}],
         "right": ["a"], "chapter": "测量", "code": 12},
        {"body": {"text": "水会结冰。"}, "kind": "3", "right": True},
    ]}})  # fmt: skip

    assert [(item.type, item.key) for item in report.items] == [
        ("single_choice", ("A",)),
        ("true_false", ("T",)),
    ]
    assert (report.items[0].category, report.items[0].reference) == ("测量", "12")


@pytest.mark.parametrize(
    ("toml", "entry", "key"),
    [
        ('[fields]\nstem="q"\nkey="a"\noptions="o"\n[options]\nshape="texts"\n[key]\nshape="indices"',
         {"q": "量长度用", "o": ["卷尺", "天平"], "a": 1}, ("B",)),
        ('[fields]\nstem="q"\nkey="a"\noptions="o"\n[options]\nshape="texts"\n[key]\nshape="indices"\nfirst_index=1',
         {"q": "防护用品", "o": ["口罩", "手套", "扑克"], "a": [1, 2]}, ("A", "B")),
        ('[fields]\nstem="q"\nkey="a"\noptions="o"\n[options]\nshape="object"\n[key]\nshape="text"',
         {"q": "防护用品", "o": {"A": "口罩", "B": "手套", "C": "扑克"}, "a": "AB"}, ("A", "B")),
        ('[fields]\nstem="q"\nkey="a"\n[options]\nshape="fields"\nfields=["x","y","z"]\n[key]\nshape="text"',
         {"q": "量长度用", "x": "卷尺", "y": "天平", "z": "", "a": "A"}, ("A",)),
        ('[fields]\nstem="q"\nkey="a"\noptions="o"\n[options]\nshape="texts"\n[key]\nshape="option_texts"',
         {"q": "量长度用", "o": ["卷尺", "天平"], "a": "天平"}, ("B",)),
        ('[fields]\nstem="q"\ntype="t"\nkey="a"\n[types]\nj="true_false"\n[key]\ntrue=["yes"]\nfalse=["no"]',
         {"q": "火是冷的。", "t": "j", "a": "no"}, ("F",)),
    ],
)  # fmt: skip
def test_option_lists_and_answers_come_in_declared_shapes(
    toml: str, entry: object, key: tuple[str, ...]
) -> None:
    report = mapped(toml, [entry])

    assert [item.key for item in report.items] == [key], [str(entry.reason) for entry in report.rejected]


def test_html_is_reduced_to_its_text_when_the_mapping_says_so() -> None:
    toml = (
        'html=true\n[fields]\nstem="q"\nkey="a"\noptions="o"\n[options]\nshape="texts"\n[key]\nshape="text"'
    )
    entry = {
        "q": "<p>量长度<b>用</b>&lt;</p><script>alert(1)</script>",
        "o": ["<p>卷尺</p>", "天平"],
        "a": "A",
    }
    report = mapped(toml, [entry])

    assert report.items[0].stem == "量长度用<"
    assert report.items[0].options[0].text == "卷尺"
    assert "html_removed" in {finding.code for finding in report.items[0].warnings}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"body": {}, "kind": 1, "right": ["a"]}, "body.text"),
        ({"body": {"text": "题"}, "kind": 9, "right": ["a"]}, "kind"),
        ({"body": {"text": "题"}, "kind": 1}, "right"),
        ({"body": {"text": "题"}, "kind": 1, "right": ["a"], "choices": "卷尺"}, "choices"),
        ({"body": {"text": "题"}, "kind": 3, "right": "也许"}, "right"),
        ("text", "body.text"),
    ],
)
def test_a_wrong_field_is_named_as_the_foreign_file_calls_it(entry: object, words: str) -> None:
    report = mapped(OBJECTS, {"bank": {"questions": [entry]}})

    assert not report.items
    assert str(report.rejected[0].place).startswith("bank.questions[0]")
    assert words in str(report.rejected[0].reason)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[fields", "table declaration"), ('[fields]\nstem="q"', "fields.key"), ('[fields]\nkey="q"', "fields.stem"),
        ('[fields]\nstem="q"\nkey="a"\ncolour="c"', "fields.colour"), ("[colours]\na=1", "colours"),
        ('[fields]\nstem="q"\nkey="a"\n[types]\nx="essay"', "types.x"),
        ('[fields]\nstem="q"\nkey="a"\n[options]\nshape="heap"', "options.shape"),
        ('[fields]\nstem=1\nkey="a"', "fields.stem"), ('fields="x"', "table"),
        ('[fields]\nstem="q"\nkey="a"\n[key]\ntrue="yes"', "key.true"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_refused_by_name(toml: str, words: str) -> None:
    with pytest.raises(MappingUnreadable, match=words):
        read_mapping(toml.encode())


def test_a_path_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(JsonUnreadable, match=r"bank\.questions"):
        mapped(OBJECTS, {"bank": []})


def test_foreign_json_without_a_mapping_is_refused() -> None:
    with pytest.raises(MappingMissing):
        parse(b"[]")
