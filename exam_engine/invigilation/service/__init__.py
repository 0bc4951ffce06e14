"""What can be done in the rooms."""

from exam_engine.invigilation.service.closing import close_sitting
from exam_engine.invigilation.service.commanding import (
    Commanded,
    command,
    messages,
    messages_of,
    messages_since,
    messages_to,
    move_seat,
    replace_ticket,
    rooms_of_attempts,
    send_message,
)
from exam_engine.invigilation.service.following import SittingFollower
from exam_engine.invigilation.service.picturing import (
    Picture,
    RoomOverview,
    SeatNow,
    overview,
    picture,
)
from exam_engine.invigilation.service.recording import (
    confirm_incident,
    incidents_to_decide,
    keep_room_record,
    record_incident,
    running_sitting,
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
    "Commanded",
    "Picture",
    "RoomOverview",
    "SeatNow",
    "SeatState",
    "SittingFollower",
    "WatchedRoom",
    "WatchedSeat",
    "close_sitting",
    "command",
    "confirm_incident",
    "incidents_to_decide",
    "keep_room_record",
    "messages",
    "messages_of",
    "messages_since",
    "messages_to",
    "move_seat",
    "overview",
    "picture",
    "record_incident",
    "replace_ticket",
    "rooms_of_attempts",
    "running_sitting",
    "send_message",
    "take_attendance",
    "watch",
    "withdraw_incident",
]
