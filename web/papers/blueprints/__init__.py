"""Blueprints: their list, the editor, files, versions, and the specification table."""

from fastapi import APIRouter

from web.papers.blueprints import routes, tables, versions

router = APIRouter()
for part in (routes, versions, tables):
    router.routes.extend(part.router.routes)
