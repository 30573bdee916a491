"""What does an OPC UA subscription deliver, and how is a silent one told from a quiet machine?

Built on the services themselves, not on asyncua's Subscription: that buffers 1,000 events and drops the oldest uncounted, and
re-creates items by the namespace index of the server's previous life.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from math import ceil

from asyncua import ua
from asyncua.client.ua_session import UaSession

from andon.runtime.collect.records import Record, reading

ITEMS_PER_CALL = 100  # an S7-1200 takes no more
QUEUE_SIZE = 100  # the default of 1 loses all but the last value between two publishings
KEEP_ALIVE_S = 2.0


class SubscriptionLostError(ConnectionError):
    """The subscription no longer delivers, although the connection may stand."""


class Subscription:
    """One subscription: values of tags as records, in the order the server sent them.

    interval_ms: publishing interval asked for. deliver: called with each notification's records, never to wait.
    """

    def __init__(self, session: UaSession, interval_ms: float, deliver: Callable[[list[Record]], None]) -> None:
        self._session = session
        self._interval_ms = interval_ms
        self._deliver = deliver
        self._tags: dict[int, str] = {}
        self._handles = itertools.count(1)
        self._next_number: int | None = None
        self._lost: str | None = None

    async def open(self) -> None:
        """Create it on the server."""
        keep_alive = max(1, ceil(KEEP_ALIVE_S * 1000 / self._interval_ms))
        result = await self._session.create_subscription(
            ua.CreateSubscriptionParameters(
                RequestedPublishingInterval=self._interval_ms,
                RequestedLifetimeCount=keep_alive * 15,
                RequestedMaxKeepAliveCount=keep_alive,
                MaxNotificationsPerPublish=10_000,
                PublishingEnabled=True,
                Priority=0,
            ),
            self._published,
        )
        self._id = result.SubscriptionId
        self._silence_s = 1.0 + 3 * result.RevisedMaxKeepAliveCount * result.RevisedPublishingInterval / 1000
        self._heard = time.monotonic()

    async def add(self, nodes: Mapping[str, ua.NodeId]) -> dict[str, int]:
        """Watch these tags' nodes; of those refused, the StatusCode. The others flow."""
        refused: dict[str, int] = {}
        tags = iter(nodes)
        while batch := list(itertools.islice(tags, ITEMS_PER_CALL)):
            results = await self._session.create_monitored_items(
                ua.CreateMonitoredItemsParameters(
                    SubscriptionId=self._id,
                    TimestampsToReturn=ua.TimestampsToReturn.Both,
                    ItemsToCreate=[self._item(tag, nodes[tag]) for tag in batch],
                )
            )
            refused |= {tag: r.StatusCode.value for tag, r in zip(batch, results, strict=True) if not r.StatusCode.is_good()}
        return refused

    def check(self) -> None:
        """Raises SubscriptionLostError when the server ended it, skipped a notification or fell silent."""
        silent_s = time.monotonic() - self._heard
        if silent_s > self._silence_s:
            self._lost = f"nothing heard for {silent_s:.0f} s (limit {self._silence_s:.0f} s), not even a keep-alive"
        if self._lost is not None:
            raise SubscriptionLostError(self._lost)

    def _item(self, tag: str, node: ua.NodeId) -> ua.MonitoredItemCreateRequest:
        handle = next(self._handles)
        self._tags[handle] = tag
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=handle,
                SamplingInterval=self._interval_ms,
                # A frozen value whose source time goes on is news: it tells a stuck sensor from a dead link.
                Filter=ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp),
                QueueSize=QUEUE_SIZE,
                DiscardOldest=True,
            ),
        )

    def _published(self, result: ua.PublishResult) -> None:
        self._heard = time.monotonic()
        message = result.NotificationMessage
        for notification in message.NotificationData or ():
            if isinstance(notification, ua.StatusChangeNotification):
                self._lost = f"the server ended the subscription: {notification.Status}"
            elif isinstance(notification, ua.DataChangeNotification):
                self._follow(message.SequenceNumber)
                self._deliver(list(self._records(notification)))

    def _follow(self, number: int) -> None:
        if self._next_number is not None and number != self._next_number:
            # What was in between is gone; a new subscription at least brings every tag's present value.
            self._lost = f"notification {self._next_number} never came, {number} did"
        self._next_number = number + 1

    def _records(self, notification: ua.DataChangeNotification) -> Iterator[Record]:
        received_us = time.time_ns() // 1000
        for item in notification.MonitoredItems:
            data = item.Value
            status = data.StatusCode.value if data.StatusCode is not None else 0
            value, status = reading(data.Value.Value if data.Value is not None else None, status)
            server_us = _micros(data.ServerTimestamp, received_us)
            yield Record(
                self._tags[item.ClientHandle], _micros(data.SourceTimestamp, server_us), server_us, received_us, value, status
            )


def _micros(time_: datetime | None, otherwise: int) -> int:
    """A server that sends no source time vouches with its own; one that sends neither leaves ours."""
    return otherwise if time_ is None else round(time_.timestamp() * 1_000_000)
