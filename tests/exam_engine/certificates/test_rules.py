"""Certificate numbers."""

from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.certificates.rules import (
    PROVINCES,
    CertificateKind,
    CertificateNumber,
    NumberMalformed,
    NumberSchemeUnknown,
    SerialRange,
    SerialsExhausted,
    SiteCode,
    SiteCodeMalformed,
    scheme_for,
    tidy_name,
)

SCHEME = scheme_for(CertificateKind.SKILL_LEVEL)
EXAMPLE = "Y000511110084225000001"

ranges = st.builds(
    SerialRange,
    st.builds(
        SiteCode,
        st.sampled_from("YS"),
        st.from_regex(r"[0-9]{4}", fullmatch=True),
        st.sampled_from(sorted(PROVINCES)),
        st.from_regex(r"[0-9]{6}", fullmatch=True),
    ),
    st.integers(2000, 2099),
    st.integers(1, 5),
)


def test_the_parts_stand_where_the_published_layout_puts_them() -> None:
    number = SCHEME.parse(EXAMPLE)

    assert number == CertificateNumber(SerialRange(SiteCode("Y", "0005", "11", "110084"), 2022, 5), 1)
    assert str(number.range.site) == EXAMPLE[:13]


@given(ranges, st.integers(1, 999_999))
def test_a_number_reads_back_as_its_parts(numbers: SerialRange, serial: int) -> None:
    number = SCHEME.make(numbers, serial)

    assert len(str(number)) == 22
    assert SCHEME.parse(str(number)) == number


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_a_named_refusal(text: str) -> None:
    with suppress(NumberMalformed):
        number = SCHEME.parse(text)

        assert SCHEME.parse(str(number)) == number


def test_what_people_type_is_understood() -> None:
    assert str(SCHEME.parse(" y0005 11-110084 22 5 ０００００１ ")) == EXAMPLE


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "0 characters"),
        (EXAMPLE[:-1], "21 characters"),
        ("X" + EXAMPLE[1:], "Y or S"),
        (EXAMPLE[:5] + "99" + EXAMPLE[7:], "province"),
        (EXAMPLE[:15] + "6" + EXAMPLE[16:], "level"),
        (EXAMPLE[:15] + "0" + EXAMPLE[16:], "level"),
        (EXAMPLE[:16] + "000000", "000001"),
        (EXAMPLE[:-1] + "²", "21 characters|Y or S|000001"),
    ],
)
def test_a_malformed_number_names_the_broken_rule(text: str, rule: str) -> None:
    if text.endswith("²"):  # NFKC folds the superscript to a digit: a well-formed other number
        assert SCHEME.parse(text).serial == 2
        return
    with pytest.raises(NumberMalformed, match=rule):
        SCHEME.parse(text)


@pytest.mark.parametrize("serial", [0, 1_000_000])
def test_a_serial_outside_its_six_digits_is_refused(serial: int) -> None:
    with pytest.raises(SerialsExhausted, match="999999"):
        SCHEME.make(SCHEME.parse(EXAMPLE).range, serial)


@pytest.mark.parametrize("kind", ["single_skill", "senior_specialist", "chief_specialist", "diploma"])
def test_an_unpublished_scheme_is_refused_not_guessed(kind: str) -> None:
    with pytest.raises(NumberSchemeUnknown, match=kind):
        scheme_for(kind)


@pytest.mark.parametrize("text", ["", "Y00051111008", "Z000511110084", "Y000599110084", "Y0005111100841"])
def test_a_malformed_site_code_is_refused(text: str) -> None:
    with pytest.raises(SiteCodeMalformed):
        SiteCode.parse(text)


def test_names_compare_by_one_form() -> None:
    assert tidy_name(" 买买提．艾力 ") == tidy_name("买买提·艾力")
    assert tidy_name("张 三") == "张三"
    assert tidy_name("张三") != tidy_name("张叁")


def test_published_numbers_are_read(reference_data: Path) -> None:
    with (reference_data / "cert-number-vectors.csv").open(encoding="utf-8", newline="") as file:
        published = [row["number"] for row in csv.DictReader(file) if len(row["number"]) == 22]
    published = [number for number in published if "XX" not in number]

    assert len(published) >= 4
    assert [str(SCHEME.parse(number)) for number in published] == published
