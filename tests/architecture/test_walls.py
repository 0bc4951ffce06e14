"""Walls that import contracts cannot express: roles of the files in a feature."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
IO_PACKAGES = (
    "sqlalchemy",
    "fastapi",
    "starlette",
    "psycopg",
    "openpyxl",
    "docx",
    "typst",
    "jinja2",
    "uvicorn",
)


@pytest.fixture(scope="session")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "itembank", "exam_engine", "web", "scripts", include_external_packages=True, cache_dir=None
    )


def _modules(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def _feature(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_rules_do_no_io_directly_or_through_others(graph: grimp.ImportGraph) -> None:
    rules = [m for m in graph.modules if m.split(".")[-1] == "rules" and not m.startswith("web")]
    broken = [
        (rule, package)
        for rule in rules
        for package in IO_PACKAGES
        if package in graph.modules and graph.chain_exists(importer=rule, imported=package)
    ]

    assert len(rules) >= 2
    assert broken == []


def test_a_store_is_used_only_by_its_own_feature(graph: grimp.ImportGraph) -> None:
    stores = [m for m in graph.modules if m.split(".")[-1] == "store"]
    broken = [
        (importer, store)
        for store in stores
        for importer in graph.find_modules_that_directly_import(store)
        if _feature(importer) != _feature(store)
    ]

    assert len(stores) >= 2
    assert broken == []


def test_web_areas_do_not_import_each_other(graph: grimp.ImportGraph) -> None:
    areas = {child for child in graph.find_children("web") if graph.find_children(child)}
    broken = [
        (importer, imported)
        for importer in graph.modules
        if _feature(importer) in areas
        for imported in graph.find_modules_directly_imported_by(importer)
        if _feature(imported) in areas and _feature(imported) != _feature(importer)
    ]

    assert len(areas) >= 3
    assert broken == []


def test_nothing_below_the_web_knows_http(graph: grimp.ImportGraph) -> None:
    below = [m for m in graph.modules if m.split(".")[0] in ("itembank", "exam_engine")]
    broken = [
        (module, imported)
        for module in below
        for imported in graph.find_modules_directly_imported_by(module)
        if imported in ("fastapi", "starlette", "jinja2", "uvicorn")
    ]

    assert broken == []


def test_only_stores_models_and_the_ground_build_sql() -> None:
    """Other files may hold a Session but build no statements."""
    allowed = {"store.py", "models.py", "writer.py"}
    broken = []
    for path in _modules("itembank", "exam_engine", "web", "scripts"):
        inside = path.relative_to(ROOT).as_posix()
        if path.name in allowed or "/migrations/" in inside or inside.startswith("itembank/base/"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy":
                names = {alias.name for alias in node.names} & {
                    "select",
                    "update",
                    "delete",
                    "insert",
                    "text",
                }
                broken += [(inside, name) for name in names]

    assert broken == []


def test_templates_have_no_inline_style_or_script() -> None:
    broken = [
        (path.relative_to(ROOT).as_posix(), mark)
        for path in (ROOT / "web" / "templates").rglob("*.html")
        for mark in (" style=", "<style", " onclick=", " onchange=", "javascript:", "<script>")
        if mark in path.read_text("utf-8")
    ]

    assert broken == []


def test_every_setting_is_documented() -> None:
    from web.settings import Settings

    documented = (ROOT / "docs" / "settings.md").read_text("utf-8")
    missing = [name for name in Settings.model_fields if f"`EXAM_ENGINE_{name.upper()}`" not in documented]

    assert missing == []


def test_locks_pin_by_hash_and_hold_no_addresses() -> None:
    for path in sorted(ROOT.glob("requirements*.lock")):
        lock = path.read_text("utf-8")
        pinned = [line for line in lock.splitlines() if "==" in line and not line.lstrip().startswith("#")]

        assert "://" not in lock, path.name
        assert pinned, path.name
        assert all(line.rstrip().endswith("\\") for line in pinned), path.name
    assert "://" not in (ROOT / "package-lock.json").read_text("utf-8")


def test_the_catalogue_is_complete() -> None:
    from scripts import catalogue

    assert catalogue.main() == 0


def test_the_headless_driver_imports_nothing_of_the_product(graph: grimp.ImportGraph) -> None:
    driver = {m for m in graph.modules if m.startswith("scripts.headless.") or m == "scripts.headless"}
    broken = [
        (module, imported)
        for module in driver
        for imported in graph.find_modules_directly_imported_by(module)
        if imported.split(".")[0] in ("itembank", "exam_engine", "web")
        or (imported.startswith("scripts.") and imported not in driver)
    ]

    assert len(driver) > 4
    assert broken == []
