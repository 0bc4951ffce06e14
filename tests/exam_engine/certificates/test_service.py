"""Issue, print, verify."""

from __future__ import annotations

import io
import threading
from datetime import date

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.certificates import service as certificates
from exam_engine.certificates.models import Certificate, SerialCounter
from exam_engine.certificates.rules import CertificateStatus
from exam_engine.certificates.service.issue import (
    AlreadyIssued,
    AlreadyRevoked,
    NotApproved,
    NothingToIssue,
    RevocationReasonMissing,
    SiteCodeMissing,
)
from exam_engine.filing.models import FilingScope
from exam_engine.filing.rules import OutsideScope
from exam_engine.recognition.rules import NoticeMissing
from exam_engine.recognition.service import read_decisions
from exam_engine.sittings import service as sittings
from itembank.base.db import Database, Scope
from itembank.base.documents import GlyphMissing
from itembank.base.fonts import FontMissing, FontSet, find_fonts
from itembank.people.rules import SYSTEM
from tests.factories.recognition import OVER, World, approve_all, make_world, photo, publish

URL = "https://exam.example.org"


@pytest.fixture(scope="module")
def fonts() -> FontSet:
    try:
        found = find_fonts()
    except FontMissing as missing:
        pytest.skip(str(missing))
    if not found.has_rare:
        pytest.skip("no font for rare characters: apt-get install fonts-hanazono")
    return found


def approved(session: Session, *, names: tuple[str, ...] = ("张伟", "王小明", "欧阳䶮")) -> World:
    world = make_world(session, names=names)
    publish(session, world, right=(6,) * len(names))
    approve_all(session, world)
    return world


def issue(session: Session, world: World, fonts: FontSet, **arguments: object) -> list[Certificate]:
    place = {"actor": SYSTEM, "plan_id": world.plan.id, "fonts": fonts, "now": OVER}
    return certificates.issue_certificates(session, **{**place, **arguments})  # type: ignore[arg-type]


def test_numbers_follow_site_year_and_level_without_gaps(session: Session, fonts: FontSet) -> None:
    world = approved(session)
    numbers = [each.number for each in issue(session, world, fonts)]

    site = f"Y000062{world.institution.site_sequence}"
    assert numbers == [f"{site}263{serial:06d}" for serial in (1, 2, 3)]
    assert all(len(number) == 22 for number in numbers)


def test_nothing_is_issued_twice_or_without_approval(session: Session, fonts: FontSet) -> None:
    world = approved(session)
    first, second, _ = world.candidates
    decision = next(
        each for each in read_decisions(session, world.plan.id) if each.registration_id == second.id
    )
    decision.state = "returned"  # type: ignore[assignment]
    session.flush()

    with pytest.raises(NotApproved):
        issue(session, world, fonts, registration_ids=[first.id, second.id])
    assert len(issue(session, world, fonts, registration_ids=[first.id])) == 1
    with pytest.raises(AlreadyIssued):
        issue(session, world, fonts, registration_ids=[first.id])
    assert len(issue(session, world, fonts)) == 1
    with pytest.raises(NothingToIssue):
        issue(session, world, fonts)


def test_without_a_notice_nothing_is_issued(session: Session, fonts: FontSet) -> None:
    with pytest.raises(NoticeMissing):
        issue(session, make_world(session), fonts)


def test_the_filed_scope_is_checked_again(session: Session, fonts: FontSet) -> None:
    world = approved(session)
    scope = session.scalars(select(FilingScope)).one()
    scope.withdrawn_on = date(2026, 3, 5)
    session.flush()

    with pytest.raises(OutsideScope):
        issue(session, world, fonts)


def test_an_institution_without_site_code_gets_no_number(session: Session, fonts: FontSet) -> None:
    world = approved(session)
    world.institution.site_sequence = None
    session.flush()

    with pytest.raises(SiteCodeMissing, match=world.institution.name):
        issue(session, world, fonts)


def test_a_name_that_cannot_be_printed_takes_no_number(database: Database, fonts: FontSet) -> None:
    with database.session(scope=Scope.everything()) as session:
        world = approved(session, names=("张伟", "王\ue001"))

    with pytest.raises(GlyphMissing, match=r"U\+E001"), database.session(scope=Scope.everything()) as session:
        issue(session, world, fonts)

    with database.session(scope=Scope.everything()) as session:
        assert session.scalars(select(Certificate)).all() == []
        assert session.scalars(select(SerialCounter)).all() == []


def test_a_failed_issue_gives_its_serials_back(database: Database, fonts: FontSet) -> None:
    with database.session(scope=Scope.everything()) as session:
        world = approved(session)
    with pytest.raises(RuntimeError), database.session(scope=Scope.everything()) as session:
        issue(session, world, fonts, registration_ids=[world.candidates[0].id])
        raise RuntimeError("the power fails before the commit")
    with database.session(scope=Scope.everything()) as session:
        (certificate,) = issue(session, world, fonts, registration_ids=[world.candidates[1].id])

    assert certificate.number.endswith("000001")


def test_two_issues_at_once_take_different_serials(database: Database, fonts: FontSet) -> None:
    with database.session(scope=Scope.everything()) as session:
        world = approved(session)
    numbers: list[str] = []
    ready = threading.Barrier(3)

    def work(place: int) -> None:
        ready.wait(timeout=20)
        with database.session(scope=Scope.everything()) as session:
            (certificate,) = issue(session, world, fonts, registration_ids=[world.candidates[place].id])
            numbers.append(certificate.number)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(number[-6:] for number in numbers) == ["000001", "000002", "000003"]


def test_the_document_is_made_once_and_kept(session: Session, fonts: FontSet) -> None:
    world = approved(session, names=("欧阳䶮㛃𬭎𫖯𠮷",))
    sittings.keep_photo(
        session,
        actor=SYSTEM,
        registration_id=world.candidates[0].id,
        filename="photo.jpg",
        content=photo(),
        now=OVER,
    )
    (certificate,) = issue(session, world, fonts)
    place = {"actor": SYSTEM, "certificate_id": certificate.id, "fonts": fonts, "now": OVER}

    assert certificates.stored_document(session, certificate.id) is None
    first = certificates.make_document(session, public_url=URL, **place)
    second = certificates.make_document(session, public_url="https://elsewhere.example.org", **place)

    assert first == second == certificates.stored_document(session, certificate.id)
    text = "".join(PdfReader(io.BytesIO(first)).pages[0].extract_text().split())
    for part in (
        "欧阳䶮㛃𬭎𫖯𠮷",
        "居民身份证",
        "三级/高级工",
        certificate.number,
        "2026年3月10日",
        "工种/职业方向--",
    ):
        assert part in text


def test_the_public_finds_the_true_record_by_number_and_name(session: Session, fonts: FontSet) -> None:
    world = approved(session)
    certificate, *_ = issue(session, world, fonts)

    found = certificates.verify_by_number(session, f" {certificate.number.lower()} ", "张 伟")

    assert found is not None
    assert (found.name, found.level, found.institution) == ("张伟", "三级/高级工", world.institution.name)
    assert found.masked_document.startswith("620***")
    assert found.certificate.status is CertificateStatus.VALID


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("{}", "王小明"),
        ("{}", ""),
        ("Y000062999999263000001", "张伟"),
        ("Y0000", "张伟"),
        ("", ""),
        ("𠮷'; --", "张伟"),
    ],
)
def test_whatever_does_not_match_gets_the_same_answer(
    session: Session, fonts: FontSet, number: str, name: str
) -> None:
    world = approved(session)
    certificate, *_ = issue(session, world, fonts)

    assert certificates.verify_by_number(session, number.format(certificate.number), name) is None


def test_the_qr_code_leads_to_the_record_by_an_opaque_token(session: Session, fonts: FontSet) -> None:
    world = approved(session)
    certificate, *_ = issue(session, world, fonts)
    address = certificates.verify_address(session, certificate.id, public_url=URL)
    token = address.removeprefix(f"{URL}/verify/")

    found = certificates.verify_by_token(session, token)

    assert found is not None
    assert found.certificate.id == certificate.id
    assert certificate.number not in address
    assert token.encode() not in certificate.sealed
    assert token != certificate.token_digest
    assert certificates.verify_by_token(session, token[:-1] + ("A" if token[-1] != "A" else "B")) is None


def test_personal_values_are_not_in_the_row(session: Session, fonts: FontSet) -> None:
    certificate, *_ = issue(session, approved(session), fonts)

    assert "张伟".encode() not in certificate.sealed
    assert "张伟" not in repr(vars(certificate))


def test_a_revoked_certificate_says_so_and_keeps_its_number(session: Session, fonts: FontSet) -> None:
    world = approved(session)
    certificate, *_ = issue(session, world, fonts)
    place = {"actor": SYSTEM, "certificate_id": certificate.id, "now": OVER}

    with pytest.raises(RevocationReasonMissing):
        certificates.revoke_certificate(session, reason=" ", **place)
    certificates.revoke_certificate(session, reason="冒名顶替", **place)
    with pytest.raises(AlreadyRevoked):
        certificates.revoke_certificate(session, reason="冒名顶替", **place)

    found = certificates.verify_by_number(session, certificate.number, "张伟")
    assert found is not None
    assert found.certificate.status is CertificateStatus.REVOKED
    with pytest.raises(AlreadyIssued):
        issue(session, world, fonts, registration_ids=[world.candidates[0].id])


def test_certificates_are_found_by_part_of_the_number_or_whole_name(session: Session, fonts: FontSet) -> None:
    world = approved(session)
    issue(session, world, fonts)

    def found(search: str) -> list[str]:
        return [view.name for view in certificates.list_certificates(session, search=search)[0]]

    assert found("000002") == ["王小明"]
    assert found("王 小明") == ["王小明"]
    assert found("王") == []
    assert found("%") == []
    page, total = certificates.list_certificates(session, plan_id=world.plan.id, offset=1, limit=1)
    assert ([view.name for view in page], total) == (["王小明"], 3)


def test_without_a_photograph_the_document_is_not_kept(session: Session, fonts: FontSet) -> None:
    certificate, *_ = issue(session, approved(session), fonts)

    document = certificates.make_document(
        session, actor=SYSTEM, certificate_id=certificate.id, fonts=fonts, public_url=URL, now=OVER
    )

    assert document.startswith(b"%PDF")
    assert certificates.stored_document(session, certificate.id) is None


def test_what_waits_for_a_certificate_is_counted(session: Session, fonts: FontSet) -> None:
    world = approved(session)

    assert certificates.certificates_to_issue(session) == 3
    issue(session, world, fonts, registration_ids=[world.candidates[0].id])
    assert certificates.certificates_to_issue(session) == 2
