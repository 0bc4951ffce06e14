"""What one stage leaves for the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.headless.browser import Browser
from scripts.headless.site import People, SiteProcess

CONTENT = Path(__file__).parents[1] / "demonstration"
"""The original bank, read as data."""

CENTRE, EMPLOYER, RIVAL = "演练省职业技能鉴定中心", "演练装备制造有限公司", "演练旁观有限公司"


@dataclass
class Chain:
    """The site, its people, and what has been made so far."""

    site: SiteProcess
    staff: dict[str, Browser] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    people: People | None = None
    names: dict[str, str] = field(default_factory=dict)

    def browser(self, name: str) -> Browser:
        return self.staff[name]

    def advance(self, seconds: float) -> None:
        """Let time pass; after a night everybody logs in again."""
        self.site.advance(seconds)
        if seconds > 8 * 3600 and self.people is not None:
            self.people.log_in_again()

    def stranger(self) -> Browser:
        """A browser that nobody has logged in with."""
        return Browser(self.site.url)
