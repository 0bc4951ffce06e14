"""`exam-engine audit verify`: check the audit chain."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from itembank.base import audit
from scripts.site import open_site


def register(commands: Any) -> None:
    """Add the commands."""
    group = commands.add_parser("audit", help="the audit chain").add_subparsers(required=True)
    verify = group.add_parser("verify", help="find edits, truncation and re-chaining")
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what the verification found; exit code 1 when the chain does not hold."""
    site = open_site()
    with site.database.session(writes=False) as session:
        result = audit.verify(session, site.settings.audit_heads_path)
    if arguments.json:
        print(json.dumps(asdict(result)))
    else:
        print(f"{result.entries} records, {result.heads} exported heads")
        for finding in result.findings:
            print(f"record {finding.number}: {finding.kind}: {finding.explanation}")
        print("intact" if result.is_intact else "NOT INTACT")
    return 0 if result.is_intact else 1
