"""Open to everybody: notices, objections, verification of certificates."""

from web.navigation import Area
from web.public.routes import router

AREA = Area("public", router)
