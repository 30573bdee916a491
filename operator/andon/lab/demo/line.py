"""The line: a program of the plant's that subscribes to the predictions, as the plant's own control system would."""

import json
import queue
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

_AT_LEAST_ONCE: Final = 1
_CONNECT_WITHIN: Final = 10.0

Row = dict[str, Any]


class Line:
    """Subscribed to one topic for as long as the block lasts; what arrived, in order."""

    def __init__(self, url: str, topic: str) -> None:
        self._address, self._topic = urlsplit(url), topic
        self._subscribed: queue.Queue[bool] = queue.Queue(maxsize=1)
        self.messages: list[Row] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv311)
        self._client.on_connect = lambda client, *_: client.subscribe(topic, _AT_LEAST_ONCE)
        self._client.on_subscribe = lambda *_: self._subscribed.put(item=True, timeout=_CONNECT_WITHIN)
        self._client.on_message = self._arrived

    def __enter__(self) -> Self:
        """Raises OSError or queue.Empty when the broker does not take the subscription in 10 s."""
        self._client.connect(self._address.hostname or "", self._address.port or 1883)
        self._client.loop_start()
        self._subscribed.get(timeout=_CONNECT_WITHIN)
        return self

    def __exit__(self, *error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _arrived(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        del client, userdata
        self.messages.append(json.loads(message.payload))


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was sent beside what arrived."""

    sent: int
    received: int
    missing: int
    twice: int
    in_order: bool
    alike: bool

    @classmethod
    def of(cls, log: Sequence[Row], messages: Sequence[Row], until: int) -> Self:
        """log: what the server says that consumers got. From the first message on until this row, in milliseconds."""
        first = messages[0]["time"] if messages else 0
        sent = [row for row in log if row["value"] is not None and first <= row["time"] <= until]
        received = [row for row in messages if row["time"] <= until]
        count = Counter(row["time"] for row in received)
        times = list(count)
        answers = {row["time"]: (row["version"], row["value"]) for row in sent}
        return cls(
            sent=len(sent),
            received=len(received),
            missing=sum(1 for row in sent if row["time"] not in count),
            twice=sum(n - 1 for n in count.values()),
            in_order=times == sorted(times),
            alike=all(answers.get(row["time"]) == (row["version"], row["value"]) for row in received),
        )

    def report(self) -> dict[str, int]:
        """As it stands in the report."""
        return {"sent": self.sent, "received": self.received, "missing": self.missing, "twice": self.twice}
