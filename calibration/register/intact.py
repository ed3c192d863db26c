"""Whether a PDF of ours is byte for byte as it was drawn, from the PDF alone.

Its identifier is the MD5 of all before the cross-reference table, and the day of the document [fpdf2]; the table and
the trailer follow from what stands before them. That finds damage, not malice: who changes a file can also count anew.
What cannot be counted anew is a signature, and the chain of the register.
"""

import hashlib
import re

_TRAILER = re.compile(
    rb"trailer\n<<\n/Size (\d+)\n/Root (\d+) 0 R\n/ID \[<([0-9A-F]{32})><([0-9A-F]{32})>\]\n>>\n"
    rb"startxref\n(\d+)\n%%EOF\n"
)
_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n")
_DATE = re.compile(rb"xmp:CreateDate=\"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)")


def damage(pdf: bytes) -> str:
    """What is wrong with the bytes of a document, one sentence; "" where nothing is. A signature may follow them."""
    trailer = _TRAILER.search(pdf)
    if trailer is None:
        return "it does not end as a document of labwire does"
    size, root, first, second, start = trailer.groups()
    body = pdf[: int(start)]
    dates = {b"".join(date) for date in _DATE.findall(body)}
    said = {hashlib.md5(body + date, usedforsecurity=False).hexdigest().upper().encode() for date in dates}
    if first != second or first not in said:
        return "its bytes are not those its identifier was made of"
    if pdf[int(start) : trailer.start()] != _table(body, int(size)):
        return "its cross-reference table does not fit its objects"
    catalog = body.find(b"\n%s 0 obj\n" % root)
    if b"/Type /Catalog" not in body[catalog : body.find(b"endobj", catalog)]:
        return "its trailer does not lead to its catalogue"
    after = pdf[trailer.end() :]
    if after and b"/ByteRange" not in after:
        return "something stands behind its end that is no signature"
    return ""


def _table(body: bytes, size: int) -> bytes:
    """The cross-reference table of a file that was written in one go."""
    places = {int(m[1]): m.start(1) for m in _OBJECT.finditer(body)}
    lines = [b"%010d 00000 n \n" % places.get(number, 0) for number in range(1, size)]
    return b"xref\n0 %d\n0000000000 65535 f \n" % size + b"".join(lines)
