"""What is one HTTP request, and what one answer? Plain values; `connection` reads and writes them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, NamedTuple

import orjson

_STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """One request, whole. Header names are lower case."""

    method: bytes = b""
    path: str = ""
    query: str = ""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


class Response(NamedTuple):
    """One answer; JSON unless it says otherwise. headers: whole lines, each with its end."""

    status: int
    body: bytes
    headers: bytes = b""
    content_type: bytes = b"application/json"

    @classmethod
    def error(cls, status: int, message: str, headers: bytes = b"") -> "Response":
        """The protocol's form of an error."""
        return cls(status, orjson.dumps({"error": message}), headers)

    def encode(self, *, close: bool) -> bytes:
        """The bytes to send."""
        return b"%bcontent-type: %b\r\n%b%bcontent-length: %d\r\n\r\n%b" % (
            _STATUS_LINES[self.status],
            self.content_type,
            self.headers,
            b"connection: close\r\n" if close else b"connection: keep-alive\r\n",
            len(self.body),
            self.body,
        )


Respond = Callable[[Response], None]
Handler = Callable[[Request, Respond], None]

Refused = Callable[[str, int, float], None]
"""Is told the path, the status and the seconds of a request that was answered before it was whole."""
