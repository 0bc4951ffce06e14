"""Plans, sittings, registrations, rooms, seats and tickets: everything before a candidate sees a question."""
