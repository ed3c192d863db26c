"""The MSR protocol of PdServ without a socket: bytes in, events out; requests in, bytes out.

An EtherLab machine runs a real-time program, and PdServ shows that program's signals ("channels") and parameters to
anybody who connects to TCP port 2345. Both sides write elements that look like XML, one after the other, without
prolog, root, length or end::

    server  <connected name="MSR" host="vm" app="plant" version="393226" features="…,list"/>
    client  <rk name="/Kiln/Temperature" id="1"/>
    server  <channel index="7" name="/Kiln/Temperature" datasize="8" typ="TDBL" task="0" HZ="1000" value="81.3" id="1"/>
    server  <ack id="1"/>
    client  <xsad channels="7" reduction="1" blocksize="2" coding="Base64" id="2"/>
    server  <ack id="2"/>
    server  <data level="0" time="1795218745.203723">
    server   <time d="VNgR5u/l6Rjyrwfs7+XpGA=="/>
    server   <F c="7" d="AAAAAIDl0kAAAAAAgP7SQA=="/>
    server  </data>

What makes it hard, and what this package does about it:

*It is not XML.* Names are escaped, but comments, aliases and the application's name are not: they may hold ``<``,
``&``, line feeds and double quotes. Nothing says whether a byte above 127 is UTF-8 or latin-1. So there is no XML
parser here. ``decoder`` matches a whole element at once against the strict form every element of this server has
(attributes in double quotes, one blank before each, a line end after the mark); ``>`` and line feeds inside quotes
are then harmless. What cannot become an element of that form however many bytes follow had a quote in its text: it
ends at the next ``"/>`` or ``">`` with a line end, and its attributes are found by their known names. What even so
makes no sense is skipped up to the next line that begins an element, and reported as ``Broken``. Names stay bytes for
ever: looking a signal up compares bytes.

*The answer does not say how it ended.* A command with an ``id`` is followed by ``<ack id>`` once it has been worked
off, which means "read", not "done": an unknown name has an ack and no answer before it, a refused write has an ack
and keeps its old value. Data, notices and messages come between answers, never inside one, and never with an id.

*Samples carry no type.* ``<F c d>`` is an index and text; whether ``d="6271"`` is a number or Base64 only the
subscription knows, and type and shape only the listing. So ``Data`` carries the text as it came, and
``samples.from_base64`` turns it into an array with the ``Layout`` of the channel. The memory image goes from Base64
into the array in one step: no number is ever a Python object here, no 64-bit integer ever a float. ``<time d>`` holds
the time stamps, unsigned ns since 1970, one per sample, shared by all channels of the frame; the ``time`` attribute
is only a cut copy of the last.

*Speed lies in ``<data>``.* At 64 × 10 kHz everything else is idle. These elements hold no free text, so they are cut
at ``</data>`` and split at the quotes. A frame that arrives in a thousand pieces is searched only once.

*The server reads otherwise than it writes.* Only a blank separates, five entities are known in some attributes and
none in others, a leading zero means octal, an element above 8192 bytes closes the session, a huge block kills the
server, a write past the end of a parameter lands in its neighbour. ``requests`` makes only what is read as meant, and
raises ``WireError`` for what cannot be said. ``commands`` reads requests as that server does: for the simulator, and
for the tests.

Rooms: ``layout`` types and shapes; ``samples`` numbers from and to text, hex and Base64; ``events`` what the server
says; ``decoder`` bytes to events, with ``tags`` (one element's text) and ``frames`` (``<data>``) beside it;
``requests`` what we say; ``commands`` the server's ear.
"""

from msr_adapter.wire.decoder import Decoder
from msr_adapter.wire.errors import WireError
from msr_adapter.wire.events import (
    Ack,
    Broadcast,
    Broken,
    Channel,
    ClientInfo,
    Clients,
    Connected,
    Data,
    Directory,
    Event,
    Listing,
    Parameter,
    ParameterNotice,
    ParameterValues,
    Ping,
    Severity,
    Tls,
    Unknown,
    Warn,
    WireEvent,
    to_text,
)
from msr_adapter.wire.layout import Layout, Type, layout_of

__all__ = [
    "Ack",
    "Broadcast",
    "Broken",
    "Channel",
    "ClientInfo",
    "Clients",
    "Connected",
    "Data",
    "Decoder",
    "Directory",
    "Event",
    "Layout",
    "Listing",
    "Parameter",
    "ParameterNotice",
    "ParameterValues",
    "Ping",
    "Severity",
    "Tls",
    "Type",
    "Unknown",
    "Warn",
    "WireError",
    "WireEvent",
    "layout_of",
    "to_text",
]
