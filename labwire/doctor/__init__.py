"""``labwire doctor``: looks at configurations, this machine and the broker, and says what is wrong and what to do.

Rooms: parts (which files, what they mean), account (what a user may do with a file), local (checks of one file on this
machine), database (InfluxDB), server (checks of broker.toml), probe and broker (one connection, and what it means), lab
(what the retained messages mean). Every check is a function that yields findings, in the table CHECKS of its room.
Nothing is changed, no instrument is spoken to.
"""
