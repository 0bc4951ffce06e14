"""Hostile values in every field, file and query of every route: refused or taken, never a failure of ours."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook
from PIL import Image
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from starlette.datastructures import QueryParams

from itembank.base.db import Database, Scope
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import PERMISSIONS, Role, check_role_fits
from tests.conftest import Login
from tests.factories.everything import PLAUSIBLE, Everything
from tests.web.test_authorisation import ROUTES
from web.forms import FormData
from web.logs import without_values
from web.security import SESSION_COOKIE, csrf_token

NUL = "a\x00b"
LONG = "x" * 10_000
TEXTS = (
    "\x1b[31m\u202e\ufeff\U0001f600" + chr(0x10FFFF),
    "'\"><script>alert(1)</script>$\\frac{<script>}{$ {{7*7}} %s {0} {x",
    "=HYPERLINK(1)\r\nset-cookie: a=b",
    LONG,
    NUL,  # refused before the route reads anything
)
SCRIPT = "'\"><script>alert(1)</script>"
SHOWN = {
    *("title", "note", "notes", "place", "comment", "reason", "ground", "objector", "stem", "explanation"),
    *("option", "option_A", "option_B", "category", "reference", "instructions", "contact", "finding"),
    *("video_reference", "substitute", "substitute_reason", "address", "trade", "sittings_name", "remark"),
}
NUMBERS = (
    "99999999999999999999",
    "-1",
    "9" * 5000,
    "NaN",
    "Infinity",
    "1E999999999",
    "1.5",
    "٣",
)
TIMES = ("0001-01-01", "9999-12-31T23:59", "2026-02-30", "-1")
IDS = ("not-an-id", "", "00000000-0000-0000-0000-000000000000")
STRANGE = (LONG, *NUMBERS[:2], "NaN", TIMES[1], *IDS[::2])

NUMERIC = {
    *("level", "levels", "difficulty", "minutes", "forms", "seed", "login_minutes", "limit_minutes"),
    *("late_minutes", "earliest_submit_minutes", "pass_mark", "total", "capacity", "seats_per_row"),
    *("condition", "position", "epoch", "row", "site_sequence", "province_code", "ministry_code"),
    *("single_choice-count", "single_choice-marks", "total_marks", "max_per_point", "mean_goal"),
    *("row-0-minimum", "row-0-maximum", "row-0-share", "row-0-tolerance", "theta", "goal"),
}
TIMED = {"starts_at", "ends_at", "examined_on", "valid_from", "valid_until", "last_day", "started_work_on"}


@pytest.fixture
def everybody(login: Login, institution: Institution, database: Database) -> Callable[[Any], None]:
    """Log in as somebody with every role that may take the action."""

    def enter(action: Any) -> None:
        with database.session(scope=Scope.everything()) as session:
            centre = session.get_one(Institution, institution.parent_id)
            platform = people.platform(session)
        for place in (institution, centre, platform):
            roles = [role for role in Role if _fits(role, place)]
            if not PERMISSIONS[action].isdisjoint(roles):
                login(*roles, institution=place, username="everybody-" + place.kind.value)
                return

    return enter


def _fits(role: Role, place: Institution) -> bool:
    try:
        check_role_fits(role, place.kind)
    except Exception:
        return False
    return True


def enter_as_candidate(client: TestClient, database: Database, made: Everything) -> None:
    with database.session(scope=Scope.everything()) as session:
        token = people.open_candidate_session(
            session,
            registration_id=made.theory.candidates[0],
            institution_id=made.institution.id,
            now=database.clock.now(),
        )
    client.cookies.set(SESSION_COOKIE, token)
    client.headers["x-csrf-token"] = csrf_token(token)


def address(path: str, made: Everything) -> str:
    """Return the path with ids that exist and belong together, as far as there are any."""
    names = re.findall(r"\{(\w+)", path)
    names += ["task_id"] if "practical" in path else []
    known = dict(max(made.sets, key=lambda ids: sum(name in ids for name in names)))
    known.update(next((ids for begin, ids in made.places.items() if path.startswith(begin)), {}))
    others = {
        "slug": made.slug,
        "token": made.token,
        "language": "en",
        "status": "retired",
        "sheet": "seats",
        "name": "rules",
        "attempt_id": str(made.attempt_id),
        "institution_id": str(made.institution.id),
        "user_id": str(made.sets[0]["user_id"]),
    }
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: str(known.get(found[1]) or others.get(found[1])), path)


class Attack:
    """Sends requests and keeps what came back as a failure of ours."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.failures: list[tuple[str, ...]] = []
        self.sent = 0
        self.defused = 0

    def send(self, method: str, url: str, what: str, **request: Any) -> Any:
        self.sent += 1
        try:
            answer = self.client.request(method, url, **request)
        except Exception as error:  # the application did not answer at all
            self.failures.append((method, url, what, type(error).__name__, str(error)[:200]))
            return None
        self.defused += "&lt;script&gt;alert" in answer.text
        is_page = "html" in answer.headers.get("content-type", "")
        if is_page and ("<script>alert" in answer.text or "<img src=x" in answer.text):
            self.failures.append((method, url, what, "a script of a stranger"))
        if answer.status_code >= 500:
            self.failures.append((method, url, what, str(answer.status_code), answer.text[-300:]))
        return answer


@pytest.fixture
def attack(client: TestClient) -> Attack:
    return Attack(client)


Body = dict[str, list[str]]
Kinds = list[tuple[set[str], tuple[str, ...]]]
CHOSEN = {
    *("type", "key", "truth", "importance", "action", "change", "do", "then", "verdict", "state", "kind"),
    *("deed", "method", "sittings_method", "format", "component", "components", "which", "duty", "role"),
    *("everybody", "is_active", "only_as_many_as_fit", "as_csv", "equal", "share_items"),
}


CHOICES = (
    {"verdict": ["upheld"], "then": ["return"], "do": ["fill-9999999999999999999"], "deed": ["extend"]},
    {
        "verdict": ["reject"],
        "action": ["group"],
        "change": ["retire"],
        "do": ["remove-²"],
        "which": ["chosen"],
    },
)


def sound_body(fields: Mapping[str, list[str]]) -> Body:
    return {name: ["1"] for name in NUMERIC - set(fields)} | dict(fields)


def kinds_of(fields: Mapping[str, list[str]]) -> Kinds:
    """Kinds of fields, and what each of a kind is filled with."""
    identifying = {name for name in fields if name not in PLAUSIBLE}
    free = set(sound_body(fields)) - NUMERIC - TIMED - identifying - CHOSEN
    return [(free, TEXTS), (NUMERIC, NUMBERS), (TIMED, TIMES), (identifying, IDS)]


def other_bodies(fields: Mapping[str, list[str]]) -> Iterator[tuple[str, Body]]:
    sound = sound_body(fields)
    yield "choices", {**sound, **{key: ["", "<x>"] for key in CHOSEN}}
    for choices in CHOICES:
        yield repr(choices), {**fields, **choices}
    shown = {name: [SCRIPT] for name in SHOWN}
    yield "script", {**sound, **shown, "lines": [f"M1;100;{SCRIPT}"], "name": [SCRIPT + str(len(fields))]}
    yield "nothing", {}
    yield "everything twice", {name: values * 2 for name, values in sound.items()}
    yield "all empty", {key: [""] for key in sound}


class Shown(dict[str, Any]):
    """The fields of a form, as they are shown again; notes which of them anybody looks at."""

    def __init__(self, values: Mapping[str, Any], asked: set[str]) -> None:
        super().__init__(values)
        self.asked = asked

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)

    def __iter__(self) -> Iterator[str]:
        self.asked.update(super().keys())
        return super().__iter__()

    def keys(self) -> Any:
        return list(self)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the fields that were read since it was last cleared."""
    names: set[str] = set()
    text, texts, file = FormData.text, FormData.texts, FormData.file
    validate = vars(BaseModel)["model_validate"].__func__

    def noted(read: Callable[[FormData, str], Any]) -> Callable[[FormData, str], Any]:
        return lambda data, name: names.add(name) or read(data, name)  # type: ignore[func-returns-value]

    def as_dict(data: FormData, lists: frozenset[str] = frozenset()) -> dict[str, Any]:
        sent = list(data._form)
        return Shown({name: (texts if name in lists else text)(data, name) for name in sent}, names)

    def validated(model: type[BaseModel], *values: Any) -> Any:
        names.update(model.model_fields)
        return validate(model, *values)

    monkeypatch.setattr(FormData, "text", noted(text))
    monkeypatch.setattr(FormData, "texts", noted(texts))
    monkeypatch.setattr(FormData, "file", noted(file))
    monkeypatch.setattr(FormData, "as_dict", as_dict)
    monkeypatch.setattr(BaseModel, "model_validate", classmethod(validated))
    return names


def _unsent(
    kinds: Kinds, asked: set[str], sent: Mapping[tuple[int, str], set[str]]
) -> tuple[int, str] | None:
    """Return a kind and a value of it that some name which is read was not yet filled with."""
    for number, (names, values) in enumerate(kinds):
        for value in values:
            if names & asked - sent.get((number, value), set()):
                return number, value
    return None


@pytest.mark.slow
@pytest.mark.strictest
def test_no_form_field_breaks_a_route(
    attack: Attack,
    everything: Everything,
    everybody: Callable[[Any], None],
    database: Database,
    asked: set[str],
) -> None:
    sound = sound_body(everything.fields)
    kinds = kinds_of(everything.fields)
    unknown: set[str] = set()
    attacked: set[tuple[str, str]] = set()
    for method, path, action in ROUTES:
        if method == "GET" or path.endswith(("/logout", "/password")):
            continue
        url = address(path, everything)
        if action is not None and path.startswith("/exam"):
            enter_as_candidate(attack.client, database, everything)
        elif action is not None:
            everybody(action)
        asked.clear()
        free, texts = kinds[0]
        sent = {(0, texts[0]): free}
        attack.send(method, url, repr(texts[0]), data={**sound, **{name: [texts[0]] for name in free}})
        # Names that the route does not read would only repeat a request; another value can make it read more.
        while left := _unsent(kinds, asked, sent):
            number, value = left
            sent[left] = hit = kinds[number][0] & asked
            read = {name: values for name, values in sound.items() if name in asked}
            attack.send(method, url, repr(value[:30]), data={**read, **{name: [value] for name in hit}})
        if asked <= {"_csrf"}:
            continue  # the route reads no form
        for what, body in other_bodies(everything.fields):
            if any(body.get(name) != sound.get(name) for name in asked):
                attack.send(method, url, what, data=body)
        strange = asked - set(sound)  # what the factory has no value for
        for value in STRANGE if strange else ():
            attack.send(method, url, repr(value[:30]), data={**sound, **{key: [value] for key in strange}})
        unknown |= strange
        attacked |= {(path, name) for name in asked}
    for method, path, action in ROUTES:  # what was kept is shown again
        if method == "GET" and action is not None and not path.startswith("/exam"):
            everybody(action)
            attack.send(method, address(path, everything), "shown again")

    assert attack.failures == []
    assert len(attacked) > 1000
    assert attack.defused > 50
    assert len(unknown) > 50


@pytest.fixture
def queried(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that were looked for in an address since it was last cleared."""
    names: set[str] = set()
    for read in ("__getitem__", "__contains__", "getlist"):  # ``get`` is made of the first

        def noted(
            query: QueryParams, name: str, read: Callable[..., Any] = getattr(QueryParams, read)
        ) -> Any:
            names.add(name)
            return read(query, name)

        monkeypatch.setattr(QueryParams, read, noted)
    return names


QUERIES = (NUL, "9" * 30, "-5", "\ud800", "长" * 100, "<script>", "%\\_")


@pytest.mark.slow
@pytest.mark.strictest
def test_no_query_breaks_a_route(
    attack: Attack,
    everything: Everything,
    everybody: Callable[[Any], None],
    database: Database,
    queried: set[str],
) -> None:
    attacked: set[tuple[str, str]] = set()
    for method, path, action in ROUTES:
        if method != "GET":
            continue
        url = address(path, everything)
        if action is not None and path.startswith("/exam"):
            enter_as_candidate(attack.client, database, everything)
        elif action is not None:
            everybody(action)
        queried.clear()
        attack.send(method, url, "no query")
        sent: dict[str, set[str]] = {}
        # Again and again: what one value stands in for can be the first to make the route look for another name.
        while left := [value for value in QUERIES if queried - sent.get(value, set())]:
            sent[left[0]] = set(queried)
            query = "&".join(f"{name}={_quoted(left[0])}" for name in sorted(queried))
            attack.send(method, f"{url}?{query}", repr(left[0][:20]))
        for name in sorted(queried):  # what is wrong with another does not hide it
            attack.send(method, f"{url}?{name}={'9' * 30}", name)
        attacked |= {(path, name) for name in queried}

    assert attack.failures == []
    assert len(attacked) > 100


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


@pytest.mark.strictest
def test_no_path_breaks_a_route(
    attack: Attack, everybody: Callable[[Any], None], everything: Everything
) -> None:
    for method, path, action in ROUTES:
        if "{" not in path or path.startswith("/exam"):
            continue
        if action is not None:
            everybody(action)
        for value in ("%00", "..%2F..", "%FF%FE", "9" * 400, "%ED%A0%80", "%3Cscript%3E", "-"):
            attack.send(method, re.sub(r"\{[^}]+\}", value, path), value[:20])

    assert attack.failures == []


def _zip(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return stream.getvalue()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, (b"&%c;" % (97 + n)) * 10) for n in range(9))
    + b"]><x>&j;</x>"
)
TYPES_XML = (
    b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    b'spreadsheetml.sheet.main+xml"/></Types>'
)


def _far_sheet() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["XFD1048576"] = "x"
    sheet["A1"] = "=1+1"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _huge_picture() -> bytes:
    stream = io.BytesIO()
    Image.new("1", (1, 1)).save(stream, "PNG")
    data = bytearray(stream.getvalue())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    return bytes(data)


@cache
def _files() -> dict[str, bytes]:
    """What is uploaded; made when it is needed, since two of them are large."""
    return {
        "empty": b"",
        "nul": b"a,b\x00,c\n1,\x00,0\n" * 5,
        "latin": "naïve,\xff\xfe".encode("latin-1"),
        "utf16": "序号,姓名\n1,张".encode("utf-16"),
        "surrogate json": b'{"format":"exam-engine-items","version":1,"items":[{"type":"single_choice",'
        b'"stem":"a\\ud800\\u0000b","options":[{"label":"A","text":"\\u0000"},{"label":"B","text":"\\udfff"}],'
        b'"key":["A"]}]}',
        "deep json": b"[" * 100_000,
        "big number json": b'{"format":"exam-engine-items","version":1,"items":[' + b"9" * 5000 + b"]}",
        "big number toml": b"name = " + b"9" * 5000,
        "nan json": b'{"format":"exam-engine-items","version":NaN,"items":[1,null,{"type":[],"stem":{}}]}',
        "toml": b'sections = [{type = "single_choice", count = 99999999999999999999, marks = nan}]\n',
        "toml dates": b"name = 1979-05-27\nsections = 1\nrows = [[[[1]]]]\ntotal_marks = inf\n",
        "deep toml": b"a = " + b"[" * 5000,
        "laughs": LAUGHS,
        "docx laughs": _zip(**{"word__document.xml": LAUGHS, "_rels__.rels": LAUGHS}),
        "xlsx laughs": _zip(**{"[Content_Types].xml": LAUGHS, "xl__workbook.xml": LAUGHS}),
        "xlsx hollow": _zip(**{"[Content_Types].xml": TYPES_XML, "xl__workbook.xml": b"<x/>"}),
        "zip bomb": _zip(**{"word__document.xml": b"0" * 60_000_000, "a.jpg": b"0" * 60_000_000}),
        "far sheet": _far_sheet(),
        "cut zip": _zip(a=b"x" * 1000)[:60],
        "huge picture": _huge_picture(),
        "zip of huge pictures": _zip(
            **{"620102199001010011.png": _huge_picture(), "..__..__x.jpg": b"GIF89a"}
        ),
        "csv": b'"' + b"x" * 200_000 + b"\n=1,2\n",
        "wide csv": b",".join(b"q%d" % n for n in range(3000)) + b"\n" + b",".join([b"7"] * 3000),
        "odd csv": b"1000,1001\nNaN,1e999\n-1,99999999999999999999\n",
    }


UPLOADS = {
    "/bank/imports": ("file", "mapping"),
    "/bank/taxonomy/import": ("file",),
    "/bank/placement/sheet": ("sheet",),
    "/blueprints/file": ("file",),
    "/analysis/files": ("responses",),
    "/plans/{plan_id}/registrations/import": ("list",),
    "/plans/{plan_id}/registrations/photos": ("archive",),
    "/plans/{plan_id}/registrations/{registration_id}/photo": ("photo",),
}


@pytest.mark.strictest
def test_no_upload_breaks_a_route(
    attack: Attack, everything: Everything, everybody: Callable[[Any], None]
) -> None:
    actions = {path: action for method, path, action in ROUTES if method == "POST"}
    assert set(UPLOADS) <= set(actions), sorted(actions)
    for path, names in UPLOADS.items():
        everybody(actions[path])
        for what, content in _files().items():
            for form in ("auto", "json", "mapping", "xlsx", "word") if "mapping" in names else ("auto",):
                fields = {**everything.fields, "format": [form]}
                files = [(name, ("..\\a<b>\t.xlsx", content)) for name in names]
                attack.send("POST", address(path, everything), f"{what}/{form}", data=fields, files=files)

    assert attack.failures == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken"),
        ("multipart/form-data; boundary=b", b"--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
        (
            "multipart/form-data; boundary=b; charset=unicode_escape",
            b'--b\r\ncontent-disposition: form-data; name="name"\r\n\r\n\\ud800\r\n--b--\r\n',
        ),
        ("application/x-www-form-urlencoded", b"name=%ff%fe&name=%00&%00=1"),
        ("application/x-www-form-urlencoded; charset=utf-99", b"name=\xff"),
        ("application/json", b'{"name": 1}'),
        ("text/plain", b"x"),
        ("", b"\x00"),
    ],
)
def test_no_body_breaks_a_form(
    attack: Attack, everybody: Callable[[Any], None], content_type: str, body: bytes
) -> None:
    actions = {path: action for method, path, action in ROUTES if method == "POST"}
    for path in ("/login", "/verify", "/rooms", "/bank/items/new", "/bank/imports", "/blueprints"):
        if actions[path] is not None:
            everybody(actions[path])
        attack.send("POST", path, content_type, content=body, headers={"content-type": content_type})

    assert attack.failures == []


def test_a_character_that_is_no_text_is_named(client: TestClient) -> None:
    answer = client.post("/verify", data={"number": "Y1", "name": "张\x00伟"})

    assert answer.status_code == 422
    assert "name" in answer.text
    assert "U+0000" in answer.text


def test_a_wrong_csrf_token_of_any_characters_is_refused(client: TestClient, login: Login) -> None:
    login(Role.EXAM_OFFICER)
    del client.headers["x-csrf-token"]

    assert client.post("/rooms", data={"_csrf": "票", "name": "甲", "capacity": "3"}).status_code == 403
    assert client.post("/rooms", data={"name": "甲", "capacity": "3"}).status_code == 403


def test_an_upload_beyond_the_limit_is_refused(client: TestClient, login: Login) -> None:
    login(Role.ITEM_WRITER)
    declared = client.post("/bank/imports", files={"file": ("a.json", b"x" * 21_000_000)})
    counted = client.post("/bank/imports", content=(b"x" * 1_000_000 for _ in range(21)))

    assert (declared.status_code, counted.status_code) == (422, 422)
    assert "20 MB" in declared.text
    assert "nosniff" in declared.headers["x-content-type-options"]


def test_a_failing_statement_does_not_tell_its_values(database: Database) -> None:
    with pytest.raises(IntegrityError) as failure, database.session(scope=Scope.everything()) as session:
        session.add(Institution(name="某某的私事"))
        session.flush()

    event = without_values(None, "", {"exception": str(failure.value)})
    assert "INSERT INTO institution" in event["exception"]
    assert "某某的私事" not in event["exception"]
