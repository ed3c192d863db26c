"""Questions to a server that every use of it asks."""

from msr_adapter.catalog import Catalog, catalog
from msr_adapter.session import Session
from msr_adapter.wire import Listing, requests


async def read_catalog(session: Session) -> Catalog:
    """Everything the server offers. Raises LinkLost."""
    channels, parameters = await session.ask(requests.read_channels), await session.ask(requests.read_parameters)
    return catalog(
        [item for e in channels if isinstance(e, Listing) for item in e.items],
        [item for e in parameters if isinstance(e, Listing) for item in e.items],
    )
