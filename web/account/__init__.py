"""Login, logout, one's own password, the institution one acts at."""

from web.account.routes import router
from web.navigation import Area

AREA = Area("account", router)
