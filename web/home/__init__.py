"""Home: what waits for me, what is under way."""

from web.home.routes import router
from web.navigation import Area

AREA = Area("home", router)
