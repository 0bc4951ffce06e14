"""Institutions and accounts, through the administration pages."""

from __future__ import annotations

from scripts.headless.chain import CENTRE, EMPLOYER, RIVAL, Chain
from scripts.headless.site import People

STAFF = (
    ("officer", "周启明", "centre_officer", CENTRE),
    ("writer", "陈思远", "item_writer", EMPLOYER),
    ("reviewer", "梁静怡", "reviewer", EMPLOYER),
    ("papers", "何承志", "paper_manager", EMPLOYER),
    ("sealer", "方雅琴", "paper_manager", EMPLOYER),
    ("analyst", "苏明哲", "psychometrician", EMPLOYER),
    ("exams", "唐晓燕", "exam_officer", EMPLOYER),
    ("watch", "冯国强", "invigilator", EMPLOYER),
    ("judge1", "许志刚", "practical_examiner", EMPLOYER),
    ("judge2", "韩玉兰", "practical_examiner", EMPLOYER),
    ("judge3", "邓建华", "practical_examiner", EMPLOYER),
    ("quality", "曹文静", "quality_supervisor", EMPLOYER),
    ("manager", "谢宏伟", "institution_administrator", EMPLOYER),
    ("outsider", "马立群", "exam_officer", RIVAL),
)


def found(chain: Chain) -> str:
    """Institutions."""
    people = chain.people = People(chain.site)
    people.institution(CENTRE, "province_centre", "平台", province_code="62")
    people.institution(EMPLOYER, "employer", CENTRE, province_code="62", site_sequence="000123")
    people.institution(RIVAL, "employer", CENTRE, province_code="62", site_sequence="000124")
    page = people.admin.get("/admin/institutions")
    form = page.form(having="parent_id")
    wrong = {"name": "错码公司", "kind": "employer", "parent_id": form.option("parent_id", CENTRE)}
    wrong |= {"province_code": "62", "credit_code": "91440000MA00000001"}
    refused = people.admin.send(page, form, wrong, status=422)
    assert "GB 32100" in refused.text
    return "3 institutions; a wrong credit code refused"


def staff(chain: Chain) -> str:
    """Accounts, each with a role and a password of its own."""
    assert chain.people is not None
    for username, name, role, institution in STAFF:
        chain.names[username] = name
        chain.staff[username] = chain.people.account(username, name, role, institution)
    refused = chain.browser("writer").request("GET", "/admin/people")
    assert refused.status == 403, refused.status
    return f"{len(STAFF)} accounts; an item writer refused the administration pages"
