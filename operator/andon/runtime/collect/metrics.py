"""What does the collector count? Read at each scrape from the parts that count it; nothing is counted twice."""

import time
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from andon.runtime.collect.driver import Driver
from andon.runtime.collect.inbox import Inbox
from andon.runtime.collect.ring import Ring


class _Scrape(Collector):
    def __init__(self, labels: Mapping[str, str], driver: Driver, inbox: Inbox, ring: Ring) -> None:
        self._names, self._values = list(labels), list(labels.values())
        self._driver, self._inbox, self._ring = driver, inbox, ring

    def collect(self) -> Iterator[Metric]:
        driver, ring = self._driver, self._ring
        yield self._state(driver.link.reason)
        yield self._gauge("andon_source_connected", "1 while the driver is connected", driver.link.connected)
        yield self._counter("andon_source_dropped", "Values known lost before the ring", driver.lost + self._inbox.dropped)
        yield self._counter("andon_ring_evicted_records", "Records evicted from a full ring", ring.evicted)
        yield self._gauge("andon_ring_bytes", "Bytes the ring's records take", ring.used_bytes)
        yield self._count_each("andon_source_records", "Records received", driver.received)
        yield self._count_each("andon_source_bad_records", "Records received that were not Good", driver.bad)
        yield self._gauge_each("andon_landing_records", "Good records that have landed", ring.landed)
        if ring.newest_source_us is not None:
            age = time.time() - ring.newest_source_us / 1_000_000
            yield self._gauge("andon_record_age_seconds", "Age of the newest record by its source time", age)

    def _state(self, reason: str) -> Metric:
        family = GaugeMetricFamily("andon_source_state", "1 for how the source is now", labels=[*self._names, "reason"])
        family.add_metric([*self._values, reason], 1)
        return family

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        family = GaugeMetricFamily(name, text, labels=self._names)
        family.add_metric(self._values, value)
        return family

    def _counter(self, name: str, text: str, value: float) -> Metric:
        family = CounterMetricFamily(name, text, labels=self._names)
        family.add_metric(self._values, value)
        return family

    def _gauge_each(self, name: str, text: str, by_tag: Mapping[str, float]) -> Metric:
        family = GaugeMetricFamily(name, text, labels=[*self._names, "tag"])
        for tag, value in by_tag.items():
            family.add_metric([*self._values, tag], value)
        return family

    def _count_each(self, name: str, text: str, by_tag: Mapping[str, float]) -> Metric:
        family = CounterMetricFamily(name, text, labels=[*self._names, "tag"])
        for tag, value in by_tag.items():
            family.add_metric([*self._values, tag], value)
        return family


def registry(namespace: str, name: str, driver: Driver, inbox: Inbox, ring: Ring) -> CollectorRegistry:
    """The metrics of one DataSource, in a registry of their own."""
    own = CollectorRegistry()
    own.register(_Scrape({"namespace": namespace, "datasource": name}, driver, inbox, ring))
    return own
