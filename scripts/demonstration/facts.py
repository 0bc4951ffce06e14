"""What the demonstration tells its visitor: accounts, tickets, papers, a certificate; kept beside its database."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scripts.demonstration.people import STAFF

FILE = "demonstration.json"
"""Readable by its owner only: it holds the demonstration's passwords, which protect nothing real."""

ROLE_WORDS = {
    "writer": "命题员 item writer",
    "reviewer": "审题员 reviewer",
    "papers": "试卷管理员 paper manager",
    "psychometrician": "心理测量员 psychometrician",
    "officer": "考务员 exam officer",
    "invigilator": "监考员 invigilator",
    "examiner1": "考评员 practical examiner",
    "examiner2": "考评员 practical examiner",
    "examiner3": "考评员 practical examiner",
    "marker": "阅卷员 marker",
    "supervisor": "质量督导员 quality supervisor",
    "admin": "机构管理员 institution administrator",
    "auditor": "审计员 auditor",
    "centre": "鉴定中心 centre officer",
    "platform": "平台管理员 platform administrator",
}


@dataclass
class PaperFacts:
    """A sealed paper: its number and the hash printed when it was sealed."""

    id: str
    label: str
    digest: str


@dataclass
class TicketFacts:
    """A candidate's way into the exam."""

    name: str
    ticket_number: str
    entry_code: str


@dataclass
class CertificateFacts:
    """An issued certificate, to be verified by number and name or by the address in its QR code."""

    number: str
    name: str
    path: str


@dataclass
class Facts:
    """Everything worth telling, as JSON beside the database."""

    passwords: dict[str, str]
    outline_id: str
    items: dict[str, str]
    """Item ids by reference number."""
    papers: list[PaperFacts]
    tickets: list[TicketFacts] = field(default_factory=list)
    """Of the open sitting; the first is the visitor's."""
    sitting_ends_at: str = ""
    certificate: CertificateFacts | None = None

    def write(self, folder: Path) -> None:
        """Keep the facts in ``folder``."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)

    @classmethod
    def read(cls, folder: Path) -> Facts:
        """Return the facts kept in ``folder``."""
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        certificate = data["certificate"]
        return cls(
            **{
                **data,
                "papers": [PaperFacts(**paper) for paper in data["papers"]],
                "tickets": [TicketFacts(**ticket) for ticket in data["tickets"]],
                "certificate": CertificateFacts(**certificate) if certificate else None,
            }
        )

    def text(self, url: str, folder: Path) -> str:
        """Return what the visitor reads on the terminal."""
        lines = ["", f"演示站点 demonstration: {url}", "", "账号 accounts (user name, password):"]
        lines += [
            f"  {member.username:16} {self.passwords[member.username]:14} "
            f"{member.name} · {ROLE_WORDS[member.username]}"
            for member in STAFF
        ]
        if self.papers:
            lines += ["", "已封卷 sealed papers (SHA-256):"]
            lines += [f"  {paper.label}  {paper.digest}" for paper in self.papers]
        if self.tickets:
            lines += [
                "",
                f"考试进行中 a sitting is open: {url}/exam/login",
                "  准考证号 ticket       入场码 entry code",
            ]
            lines += [f"  {each.ticket_number}  {each.entry_code}   {each.name}" for each in self.tickets]
        if self.certificate:
            lines += [
                "",
                "已发证书 an issued certificate to verify:",
                f"  {self.certificate.number}  {self.certificate.name}",
                f"  {url}{self.certificate.path}",
            ]
        lines += [
            "",
            f"以上信息保存在 kept in {folder / FILE}；删除该文件夹后重新运行即可重建 delete the folder to begin anew.",
            "",
        ]
        return "\n".join(lines)
