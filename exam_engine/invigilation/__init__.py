"""What happens in the rooms: attendance, incidents, the room record, and the closing of a sitting."""
