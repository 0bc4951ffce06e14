"""A sitting report from click to page: `python -m tests.benchmarks.bench_reports [--persons 10000] [--items 100]`.

Fills an embedded database in a temporary folder, asks for the report through the site, lets a worker do it, and opens
the page. Prints the seconds of each stage; the answers are inserted beforehand and do not count.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import insert
from sqlalchemy.orm import Session

from exam_engine.calibration import service as calibration
from exam_engine.delivery.models import Answer, Attempt
from exam_engine.jobs.runner import Runner
from exam_engine.migrations import schema
from exam_engine.sittings.models import Registration
from exam_engine.sittings.rules import RegistrationStatus
from exam_engine.worker import HANDLERS
from itembank.base.crypto import Keyring
from itembank.base.db import Database, Scope
from itembank.base.ids import new_id
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import InstitutionKind, Role
from tests.factories.people import make_institution, make_person, make_platform, make_user
from tests.factories.statistics import make_items, make_theory_sitting, seal_paper, simulate_answers
from web.app import create_app
from web.security import SESSION_COOKIE, csrf_token
from web.settings import Settings


def fill(session: Session, *, n_persons: int, n_items: int) -> tuple[Institution, UUID]:
    """Insert a sitting that is over, with an answer of everybody to every item."""
    platform = make_platform(session)
    centre = make_institution(session, kind=InstitutionKind.PROVINCE_CENTRE, parent=platform)
    place = make_institution(session, kind=InstitutionKind.EMPLOYER, parent=centre)
    occupation_id, references = make_items(session, institution=place, level=4, count=n_items)
    found = calibration.identify(session, references, occupation_id=occupation_id, level=4)
    item_ids = [found[reference][0] for reference in references]
    starts_at = datetime.now(UTC) - timedelta(days=1)
    sitting = make_theory_sitting(
        session, institution=place, occupation_id=occupation_id, starts_at=starts_at
    )
    paper_id = seal_paper(session, institution=place, occupation_id=occupation_id, item_ids=item_ids)
    person = make_person(session, number=1).id
    marks = simulate_answers(n_persons, n_items)
    wrong = np.random.default_rng(3).integers(0, 3, size=marks.shape)
    labels = np.where(marks == 1, "B", np.array(["A", "C", "D"])[wrong])
    registrations, attempts = [], []
    for row in range(n_persons):
        registration_id = new_id()
        registrations.append(
            {
                "id": registration_id,
                "institution_id": place.id,
                "plan_id": sitting.plan_id,
                "person_id": person if row == 0 else new_id(),
                "row_number": row,
                "name_index": "",
                "sealed": b"",
                "education": "高中",
                "source": "社会考生",
                "collection": "自取",
                "condition": 1,
                "condition_text": "",
                "status": RegistrationStatus.APPROVED,
                "created_at": starts_at,
            }
        )
        attempts.append(
            {
                "id": new_id(),
                "institution_id": place.id,
                "sitting_id": sitting.id,
                "registration_id": registration_id,
                "paper_id": paper_id,
                "seed": row,
                "started_at": starts_at,
                "due_at": sitting.ends_at,
                "submitted_at": sitting.ends_at,
            }
        )
    session.execute(insert(Registration), registrations)
    session.execute(insert(Attempt), attempts)
    for row, attempt in enumerate(attempts):
        last = n_items if row % 10 else n_items - 3  # one in ten does not reach the end
        session.execute(
            insert(Answer),
            [
                {
                    "attempt_id": attempt["id"],
                    "item_id": item_ids[column],
                    "epoch": 1,
                    "revision": 1,
                    "response": [str(labels[row, column])],
                    "flagged": False,
                    "saved_at": starts_at,
                }
                for column in range(last)
            ],
        )
    return place, sitting.id


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="keep the database here")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(f"sqlite:///{folder / 'bench.sqlite3'}", Keyring.load_or_create(folder / "keys.json"))
    schema.upgrade(database)
    with database.engine.connect() as connection:
        # Candidates stand for themselves here: no person is behind a registration.
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys=OFF")
        with Session(connection, info={**database_info(database)}) as session:
            place, sitting_id = fill(session, n_persons=given.persons, n_items=given.items)
            session.commit()
            place_id = place.id
    with database.session(scope=Scope.everything()) as session:
        user = make_user(
            session,
            username="psychometrician",
            roles=[Role.PSYCHOMETRICIAN],
            institution=session.get_one(Institution, place_id),
        )
        token = people.open_staff_session(
            session, user_id=user.id, institution_id=place_id, now=database.clock.now()
        )
    app = create_app(Settings(data=folder, base_url="http://testserver"), database, run_jobs=False)
    with TestClient(app, follow_redirects=False) as client:
        client.cookies.set(SESSION_COOKIE, token)
        client.headers["x-csrf-token"] = csrf_token(token)
        tick = time.perf_counter()
        sent = client.post(
            "/analysis/reports/sitting", data={"report_name": "bench", "sittings": [str(sitting_id)]}
        )
        asked = time.perf_counter()
        assert sent.status_code == 303, sent.text
        Runner(database, HANDLERS).run_one()
        done = time.perf_counter()
        job = client.get(sent.headers["location"]).text
        url = job.split('data-goto="')[1].split('"')[0]
        page = client.get(url)
        shown = time.perf_counter()
        assert page.status_code == 200, page.text
    print(
        f"{given.persons} x {given.items}: request {asked - tick:.2f} s, job {done - asked:.2f} s, "
        f"page {shown - done:.2f} s ({len(page.content) / 1024:.0f} KB), in all {shown - tick:.2f} s"
    )


def database_info(database: Database) -> dict[str, object]:
    """Return what a session of the database carries."""
    return {"keyring": database.keyring, "clock": database.clock, "scope": Scope.everything()}


if __name__ == "__main__":
    main()
