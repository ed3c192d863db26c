"""The databases of the projection's tests."""

from tests.logger.influx.conftest import bucket, servers_are_closed, shared_influx

__all__ = ["bucket", "servers_are_closed", "shared_influx"]
