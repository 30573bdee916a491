"""How is a body compressed, and an answer for who wants it so? gzip and deflate, bounded both ways."""

import gzip
import zlib
from typing import Final

from andon.runtime.serve.oip.message import RequestError

SMALLEST: Final = 512
"""Below it compression makes nothing smaller."""

_LEVEL: Final = 1
_EITHER_HEADER: Final = 32 + zlib.MAX_WBITS


def unpacked(body: bytes, encoding: bytes | None, most: int) -> bytes:
    """The body as it was before it was compressed. Raises RequestError for more than `most` bytes: little may hide much."""
    match (encoding or b"").strip().lower():
        case b"" | b"identity":
            return body
        case b"gzip" | b"x-gzip" | b"deflate":
            return _inflated(body, most)
        case other:
            raise RequestError(415, f"content-encoding {other[:50].decode('latin-1')!r} is not supported; use gzip or deflate")


def _inflated(body: bytes, most: int) -> bytes:
    machine = zlib.decompressobj(_EITHER_HEADER)
    try:
        whole = machine.decompress(body, most + 1)
    except zlib.error as error:
        raise RequestError(400, f"the body cannot be decompressed: {error}") from None
    if len(whole) > most:
        raise RequestError(413, f"the body is larger than {most} bytes when decompressed; send fewer rows at a time")
    if not machine.eof or machine.unused_data:
        raise RequestError(400, "the compressed body ends too early or too late")
    return whole


def packed(body: bytes, accepted: bytes | None) -> tuple[bytes, bytes]:
    """The body as a client accepts it best, and the header line that says so. accepted: its accept-encoding."""
    if accepted is None or len(body) < SMALLEST:
        return body, b""
    offers = {name for name, quality in map(_offer, accepted.lower().split(b",")) if quality}
    if b"gzip" in offers:
        return gzip.compress(body, _LEVEL, mtime=0), b"content-encoding: gzip\r\n"
    if b"deflate" in offers:
        return zlib.compress(body, _LEVEL), b"content-encoding: deflate\r\n"
    return body, b""


def _offer(text: bytes) -> tuple[bytes, bool]:
    name, _, parameters = text.partition(b";")
    refused = parameters.replace(b" ", b"") in {b"q=0", b"q=0.0", b"q=0.00", b"q=0.000"}
    return name.strip(), not refused
