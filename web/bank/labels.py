"""Words for the enums of the item bank."""

from __future__ import annotations

from itembank.items.rules import ItemStatus, ItemType
from itembank.items.service import Sort
from itembank.review.rules import Verdict
from itembank.taxonomy.rules import Importance, OutlineStatus
from web.i18n import N_

ITEM_TYPES: dict[ItemType, str] = {
    ItemType.SINGLE_CHOICE: N_("Single choice"),
    ItemType.MULTIPLE_CHOICE: N_("Multiple choice"),
    ItemType.TRUE_FALSE: N_("True or false"),
}
ITEM_STATUSES: dict[ItemStatus, str] = {
    ItemStatus.DRAFT: N_("Draft"),
    ItemStatus.IN_REVIEW: N_("In review"),
    ItemStatus.ACTIVE: N_("Active"),
    ItemStatus.SUSPENDED: N_("Suspended"),
    ItemStatus.RETIRED: N_("Retired"),
}
STATUS_TONES: dict[ItemStatus, str] = {
    ItemStatus.DRAFT: "neutral",
    ItemStatus.IN_REVIEW: "info",
    ItemStatus.ACTIVE: "good",
    ItemStatus.SUSPENDED: "warn",
    ItemStatus.RETIRED: "neutral",
}
IMPORTANCES: dict[Importance, str] = {
    Importance.X: N_("X core"),
    Importance.Y: N_("Y general"),
    Importance.Z: N_("Z auxiliary"),
}
SORTS: dict[Sort, str] = {
    Sort.NEWEST: N_("Newest first"),
    Sort.NUMBER: N_("By number"),
    Sort.UPDATED: N_("Last changed first"),
    Sort.POINT: N_("By assessment point"),
    Sort.DIFFICULTY: N_("Easy to hard"),
    Sort.USED: N_("Most used first"),
}
VERDICTS: dict[Verdict, str] = {
    Verdict.APPROVE: N_("Approved"),
    Verdict.SEND_BACK: N_("Sent back"),
}
OUTLINE_STATUSES: dict[OutlineStatus, str] = {
    OutlineStatus.ACTIVE: N_("In use"),
    OutlineStatus.RETIRED: N_("Out of use"),
}
EVENTS: dict[str, str] = {
    "created": N_("Written"),
    "imported": N_("Imported"),
    "placed": N_("Assessment point given"),
    "reclassified": N_("Classification changed"),
    "edit": N_("Content changed"),
    "submit": N_("Submitted for review"),
    "approve": N_("Approved in review"),
    "send_back": N_("Sent back in review"),
    "suspend": N_("Suspended from use"),
    "resume": N_("Put up for review again"),
    "retire": N_("Retired for good"),
}
DIFFICULTIES: dict[int, str] = {
    1: N_("1 very easy"),
    2: N_("2 easy"),
    3: N_("3 medium"),
    4: N_("4 hard"),
    5: N_("5 very hard"),
}
