"""How does the platform team's own tooling learn of a decision: a CloudEvent posted to one address of the configuration.

Structured JSON of CloudEvents 1.0 (https://github.com/cloudevents/spec): nine fields, so no library of its own.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import requests

from andon.api.missing import Missing
from andon.ports.blocking import Blocking
from andon.ports.guard import Guard, alone

_HEADERS: Final = {"Content-Type": "application/cloudevents+json; charset=utf-8", "User-Agent": "andon"}

_LATER: Final = frozenset({408, 425, 429})
"""Statuses of the 4xx that say: not now."""


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One thing that happened. `source` and `id` together name it: who gets it twice can tell."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]

    def json(self) -> str:
        """The structured form."""
        return json.dumps(
            {
                "specversion": "1.0",
                "id": self.id,
                "source": self.source,
                "type": self.type,
                "subject": self.subject,
                "time": self.time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "datacontenttype": "application/json",
                "data": self.data,
            },
            ensure_ascii=False,
        )


class Webhook(Protocol):
    """Where CloudEvents are posted."""

    async def post(self, event: CloudEvent) -> Missing | None:
        """Posts it once. None when it was taken; otherwise why not."""
        ...


class HttpWebhook:
    """One address, which may hold a secret and is never told to anybody: only its host is."""

    def __init__(self, url: str, timeout: float, may_write: Guard = alone) -> None:
        """Connects to nothing yet. timeout: seconds for one try."""
        self._url = url
        self._may_write = may_write
        self._timeout = timeout
        self._blocking = Blocking("the webhook", url, workers=2, timeout=timeout, hide_path=True)

    async def post(self, event: CloudEvent) -> Missing | None:
        """See Webhook. A redirect is not followed: the address is for the platform team to put right."""
        return await self._blocking.call(lambda: self._post(event.json()))

    def close(self) -> None:
        """Let go of threads."""
        self._blocking.close()

    def _post(self, body: str) -> Missing | None:
        """What it says in its answer is left out: it may hold the address."""
        self._may_write()
        answer = requests.post(self._url, data=body.encode(), headers=_HEADERS, timeout=self._timeout, allow_redirects=False)
        answer.close()
        if answer.status_code < 300:
            return None
        said = f"{self._blocking.where} answered {answer.status_code}"
        if answer.status_code >= 500 or answer.status_code in _LATER:
            return Missing("ServerError", f"{said}. Next: see its own log.")
        return Missing("Refused", f"{said}. Next: check the address in notifications.webhook of the operator's configuration.")
