"""Everything outside maxops, as a plain library: no settings, no ORM, no request (connect.py excepted)."""
