"""What can be done in the rooms."""

from exam_engine.invigilation.service.closing import close_sitting
from exam_engine.invigilation.service.recording import (
    keep_room_record,
    record_incident,
    take_attendance,
    withdraw_incident,
)
from exam_engine.invigilation.service.watching import (
    SeatState,
    WatchedRoom,
    WatchedSeat,
    watch,
)

__all__ = [
    "SeatState",
    "WatchedRoom",
    "WatchedSeat",
    "close_sitting",
    "keep_room_record",
    "record_incident",
    "take_attendance",
    "watch",
    "withdraw_incident",
]
