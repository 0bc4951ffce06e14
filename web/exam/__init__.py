"""The candidate's pages: entrance, waiting room, examination, receipt."""

from starlette.routing import Route

from web.exam.events import EVENTS_PATH, Events
from web.exam.offline import SHELL_PATH, WORKER_PATH, Shell, Worker
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
        Route(EVENTS_PATH, Events(), methods=["POST"]),
        Route(WORKER_PATH, Worker(), methods=["GET"]),
        Route(SHELL_PATH, Shell(), methods=["GET"]),
    ],
)
