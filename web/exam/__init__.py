"""The candidate's pages: entrance, waiting room, examination, receipt."""

from starlette.routing import Route

from web.exam.routes import router
from web.exam.saving import HEARTBEAT_PATH, SAVE_PATH, Heartbeat, Save
from web.navigation import Area

AREA = Area(
    "exam",
    router,
    # The answer-saving path: no dependency graph, no session; it authorises by the attempt's own token.
    routes=[
        Route(SAVE_PATH, Save(), methods=["PUT", "POST"]),
        Route(HEARTBEAT_PATH, Heartbeat(), methods=["GET", "POST"]),
    ],
)
