"""Which text a body is: UTF-8 or UTF-16, by its mark or its first bytes, and whether it is a web page instead."""

import re

XML_SPACE = b" \t\r\n"
DECLARATION = re.compile(rb"<\?xml[^>]*?\?>")
WEB_PAGE = re.compile(rb"(?:<\?[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|script)\b", re.I | re.S)


def is_web_page(body: bytes, content_type: str = "") -> bool:
    """An HTML page: by its first element, or, for text that is neither XML nor JSON, by its header."""
    start = to_utf8(body[:1024]).lstrip(XML_SPACE)
    if start.startswith(b"<"):
        return WEB_PAGE.match(start) is not None
    return "html" in content_type.lower() and not start.startswith((b"{", b"["))


def to_utf8(body: bytes) -> bytes:
    if body.startswith(b"\xef\xbb\xbf"):
        return body[3:]
    encoding = wide_encoding(body)
    if not encoding:
        return body
    # A declaration would still name the old encoding.
    return DECLARATION.sub(b"", body.decode(encoding, "replace").lstrip("\ufeff").encode("utf-8"), count=1)


def wide_encoding(body: bytes) -> str:
    """UTF-16 by its mark, or by the zero byte beside the first character."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if body[1:2] == b"\0" and body[:1] != b"\0":
        return "utf-16-le"
    return "utf-16-be" if body[:1] == b"\0" and len(body) > 1 else ""
