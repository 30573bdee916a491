"""What does Prometheus know: the evidence about every model and tag, how many records have landed, and what users ask."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final, Protocol

import requests
from prometheus_api_client.exceptions import PrometheusApiClientException
from prometheus_api_client.prometheus_connect import PrometheusConnect
from urllib3.util.retry import Retry

from andon.api.config import Prometheus
from andon.api.evidence import Counted, EvidenceSeries, Landed, LandingKey, Reading, RevisionKey
from andon.api.missing import Missing
from andon.api.types import seconds
from andon.ports import signals
from andon.ports.blocking import Blocking
from andon.ports.evidence import Sample, counted_requests, counted_rows, evidence_series, landed_records, samples
from andon.ports.shared import Shared

_QUERIES: Final = 10_000
_QUERY_AT_FAULT: Final = frozenset({400, 422})


class Metrics(Protocol):
    """Reads what servers and collectors export. How old an answer may be is for the caller to judge, by `scraped`."""

    async def evidence(self) -> tuple[EvidenceSeries, ...] | Missing:
        """Every question about every subject of every revision, as one consistent state."""
        ...

    async def landing_records(self) -> Mapping[LandingKey, Landed | Missing] | Missing:
        """For each tag of each DataSource, how many records training could read."""
        ...

    async def rows_counted(self, namespace: str, deployment: str, revision: str) -> Counted | Missing:
        """How many rows a revision scored, and how many of them it could not answer. revision: as labels have it."""
        ...

    async def requests_counted(self, namespace: str, deployment: str, revision: str) -> Counted | Missing:
        """How many requests were a revision's to answer, and how many of them it could not."""
        ...

    async def source_state(self, namespace: str, datasource: str) -> str | Missing:
        """How a collector says its connection is, in one word."""
        ...

    async def signal(self, query: str) -> Reading | Missing:
        """The one number that a user's PromQL gives now."""
        ...


class PrometheusMetrics:
    """Five instant queries serve all policies, pipelines and sources, however many there are; one more each signal of a user's.

    Signals have threads of their own: a slow query of somebody's holds up other signals at most, and never the evidence.
    """

    def __init__(self, config: Prometheus, *, max_age: float = 0.5) -> None:
        """Connects to nothing yet. max_age: for how many seconds one answer serves everybody."""
        timeout = seconds(config.timeout)
        self._max_age = max_age
        self._blocking = Blocking("Prometheus", config.url, workers=4, timeout=timeout)
        self._asking = Blocking("Prometheus", config.url, workers=4, timeout=timeout)
        self._client = _client(config.url.rstrip("/"), timeout)
        self._evidence = Shared(self._read_evidence, max_age)
        self._landing = Shared(self._read_landing, max_age)
        self._sources = Shared(self._read_sources, max_age)
        self._rows = Shared(self._read_rows, max_age)
        self._requests = Shared(self._read_requests, max_age)
        self._signals: OrderedDict[str, Shared[Reading | Missing]] = OrderedDict()

    async def evidence(self) -> tuple[EvidenceSeries, ...] | Missing:
        """Every question about every subject of every revision; NoSeries when nobody exports any."""
        return await self._evidence.get()

    async def landing_records(self) -> Mapping[LandingKey, Landed | Missing] | Missing:
        """For each tag of each DataSource, how many records training could read; NoSeries when nobody exports any."""
        return await self._landing.get()

    async def rows_counted(self, namespace: str, deployment: str, revision: str) -> Counted | Missing:
        """How many rows a revision was given; NoSeries while no server holds it that is scraped."""
        return _of(await self._rows.get(), (namespace, deployment, revision))

    async def requests_counted(self, namespace: str, deployment: str, revision: str) -> Counted | Missing:
        """How many requests were a revision's to answer; NoSeries likewise."""
        return _of(await self._requests.get(), (namespace, deployment, revision))

    async def source_state(self, namespace: str, datasource: str) -> str | Missing:
        """How a collector says its connection is; NoSeries when it says nothing."""
        states = await self._sources.get()
        if isinstance(states, Missing):
            return states
        silent = Missing("NoSeries", f"the collector of {namespace}/{datasource} is not scraped. Next: see whether its pod runs.")
        return states.get((namespace, datasource), silent)

    async def signal(self, query: str) -> Reading | Missing:
        """The number that this PromQL gives. The same query of many is asked once; who was asked for longest ago is forgotten."""
        shared = self._signals.setdefault(query, Shared(lambda: self._read_signal(query), self._max_age))
        self._signals.move_to_end(query)
        while len(self._signals) > _QUERIES:
            self._signals.popitem(last=False)
        return await shared.get()

    def close(self) -> None:
        """Let go of connections and threads."""
        self._client.close()
        self._blocking.close()
        self._asking.close()

    async def _read_evidence(self) -> tuple[EvidenceSeries, ...] | Missing:
        found = await self.read('{__name__=~"andon_evidence_.+"}', dated_by="andon_evidence_block")
        return found if isinstance(found, Missing) else evidence_series(found)

    async def _read_landing(self) -> Mapping[LandingKey, Landed | Missing] | Missing:
        found = await self.read("andon_landing_records", dated_by="andon_landing_records")
        return found if isinstance(found, Missing) else landed_records(found)

    async def _read_sources(self) -> Mapping[tuple[str, str], str] | Missing:
        found = await self.read("andon_source_state", dated_by="andon_source_state")
        if isinstance(found, Missing):
            return found
        dated = sorted(found, key=lambda s: s.scraped)
        return {(s.label("namespace"), s.label("datasource")): s.label("reason") for s in dated}

    async def _read_rows(self) -> Mapping[RevisionKey, Counted] | Missing:
        found = await self.read('{__name__=~"andon_(scored|failed)_rows_total"}', dated_by="andon_scored_rows_total")
        return found if isinstance(found, Missing) else counted_rows(found)

    async def _read_requests(self) -> Mapping[RevisionKey, Counted] | Missing:
        found = await self.read('{__name__=~"andon_(asked|failed)_requests_total"}', dated_by="andon_asked_requests_total")
        return found if isinstance(found, Missing) else counted_requests(found)

    async def _read_signal(self, query: str) -> Reading | Missing:
        result = await self._asking.call(lambda: self._ask_signal(query))
        if isinstance(result, Missing):
            return result
        try:
            return signals.reading(result, query)
        except (LookupError, TypeError, ValueError, AttributeError):
            return self._malformed()

    def _ask_signal(self, query: str) -> Any:
        try:
            return self._ask(signals.question(query))
        except requests.HTTPError as error:
            if error.response.status_code not in _QUERY_AT_FAULT:
                raise
            return signals.refused(query, self._asking.missing(error))

    async def read(self, selector: str, *, dated_by: str) -> tuple[Sample, ...] | Missing:
        """All series of a selector, each with the time of the scrape that brought it.

        dated_by: a metric exported with the same labels; its sample's time is the scrape's. An instant query's own time stamp
        is only when it was evaluated, and timestamp() drops the name, so that several metrics of one server would collide.
        One query holds both, because between two of them a scrape may land. `or` keeps both for their different labels.
        """
        query = f'{selector} or label_replace(timestamp({dated_by}), "andon_scraped", "yes", "", "")'
        result = await self._blocking.call(lambda: self._ask(query))
        return result if isinstance(result, Missing) else self._understood(result, selector)

    def _ask(self, query: str) -> Any:
        try:
            return self._client.custom_query(query)
        except KeyError:
            return Missing(
                "ServerError", f"{self._blocking.where} answered 200 without a result. Next: see the log of what answers there."
            )
        except (TypeError, PrometheusApiClientException):
            return self._malformed()

    def _understood(self, result: Any, selector: str) -> tuple[Sample, ...] | Missing:
        try:
            found = samples(result)
        except (KeyError, TypeError, ValueError, AttributeError):
            return self._malformed()
        nothing = Missing(
            "NoSeries", f"{self._blocking.where} has no {selector}. Next: check that the pods run and are scraped (metric up)."
        )
        return found or nothing

    def _malformed(self) -> Missing:
        return Missing(
            "Malformed", f"{self._blocking.where} did not answer as Prometheus does. Next: check that the address is its own."
        )


def _of(counted: Mapping[RevisionKey, Counted] | Missing, key: RevisionKey) -> Counted | Missing:
    if isinstance(counted, Missing):
        return counted
    namespace, deployment, revision = key
    silent = Missing("NoSeries", f"no server of {namespace}/{deployment} has {revision}. Next: see whether it is scraped.")
    return counted.get(key, silent)


def _client(url: str, timeout: float) -> PrometheusConnect:
    """The library's client without its retries (a refused connection would take 6 s), and with errors that carry their status."""
    session = requests.Session()
    session.hooks["response"].append(_raise_for_status)
    return PrometheusConnect(url, session=session, timeout=timeout, retry=Retry(total=0, read=False, raise_on_status=False))


def _raise_for_status(response: requests.Response, *_: Any, **__: Any) -> None:
    response.raise_for_status()
