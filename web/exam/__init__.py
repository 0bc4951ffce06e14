"""The candidate's pages: entrance, waiting room, examination, receipt."""

from starlette.routing import Route

from web.exam import lean, seb
from web.exam.assets import ASSET_PATH, Asset
from web.exam.events import EVENTS_PATH, Events
from web.exam.needs import router as breaks
from web.exam.offline import SHELL_PATH, WORKER_PATH, Shell, Worker
from web.exam.routes import router
from web.exam.saving import HEARTBEAT_PATH, SAVE_PATH, Heartbeat, Save
from web.navigation import Area

router.routes.extend(breaks.routes)
router.routes.extend(seb.router.routes)

AREA = Area(
    "exam",
    router,
    # The lean road (web.site): no dependency graph, no session. Saving authorises by the attempt's own token; the
    # others by session and form token, or hand on to the route of the same address.
    routes=[
        Route(SAVE_PATH, Save(), methods=["PUT", "POST"]),
        Route(HEARTBEAT_PATH, Heartbeat(), methods=["GET", "POST"]),
        Route(EVENTS_PATH, Events(), methods=["POST"]),
        Route(ASSET_PATH, Asset(), methods=["GET"]),
        Route(WORKER_PATH, Worker(), methods=["GET"]),
        Route(SHELL_PATH, Shell(), methods=["GET"]),
        Route("/exam/login", lean.EnterHere(), methods=["POST"]),
        Route("/exam", lean.WaitHere(), methods=["GET"]),
        Route("/exam/sittings/{sitting_id}/start", lean.StartHere(), methods=["POST"]),
        Route("/exam/attempts/{attempt_id}", lean.ReadHere(), methods=["GET"]),
        Route("/exam/attempts/{attempt_id}/open", lean.OpenHere(), methods=["POST"]),
        Route("/exam/attempts/{attempt_id}/go-on", lean.AdvanceHere(), methods=["POST"]),
        Route("/exam/attempts/{attempt_id}/submit", lean.HandInHere(), methods=["POST"]),
    ],
)
