"""What the operator says of itself, and when it is dead."""

import asyncio
from datetime import UTC, datetime, timedelta

from prometheus_client import generate_latest

from andon.api.decision import Action, Decision, Evidence, Verdict
from andon.api.evidence import EvidenceSeries
from andon.api.missing import Missing
from andon.controllers import telemetry
from andon.controllers.queue import Key, KeyedQueue
from andon.controllers.telemetry import LONGEST_SILENCE, Pulse, Telemetry

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KEY = Key("plant-a", "product-e")


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def text(of: Telemetry) -> str:
    return generate_latest(of.registry).decode()


def test_a_watch_that_is_not_answered_is_death_though_others_are():
    clock = Clock()
    pulse = Pulse(dict, clock)
    pulse.answered("/apis/andon.dev/v1alpha1/driftpolicies")
    for _ in range(4):
        clock.seconds += 60
        pulse.answered("/api/v1/pods")
    assert "driftpolicies was not answered for 240 s (limit 180 s)" in str(pulse.trouble())
    pulse.answered("/apis/andon.dev/v1alpha1/driftpolicies")
    assert pulse.trouble() is None


def test_an_operator_that_never_hears_anything_is_dead():
    clock = Clock()
    pulse = Pulse(dict, clock)
    assert pulse.trouble() is None
    clock.seconds = LONGEST_SILENCE + 1
    assert "the first watch" in str(pulse.trouble())


async def test_a_reconcile_that_hangs_is_death_and_is_counted_as_depth(monkeypatch):
    monkeypatch.setattr(telemetry, "LONGEST_RECONCILE", 0.01)
    hanging = asyncio.Event()

    async def reconcile(key: Key) -> None:
        await hanging.wait()

    queue = KeyedQueue("DataSource", reconcile)
    pulse, numbers = Pulse(lambda: {"DataSource": queue}), Telemetry(lambda: {"DataSource": queue})
    queue.add(KEY)
    await asyncio.sleep(0.05)
    assert "a reconcile of a DataSource" in str(pulse.trouble())
    assert 'andon_queue_depth{kind="DataSource"} 1.0' in text(numbers)
    hanging.set()
    await asyncio.sleep(0.05)
    assert pulse.trouble() is None
    assert 'andon_queue_depth{kind="DataSource"} 0.0' in text(numbers)


async def test_the_time_of_every_reconcile_is_taken():
    numbers = Telemetry(dict)

    async def reconcile(key: Key) -> float:
        return 3.0

    assert await numbers.timed("DriftPolicy", reconcile)(KEY) == 3.0
    assert 'andon_reconcile_seconds_count{kind="DriftPolicy"} 1.0' in text(numbers)


def test_decisions_are_counted_by_verdict_and_reason():
    numbers = Telemetry(dict)
    evidence = Evidence(question="stuck", rows=60, value="100%", limit="5%", scraped=NOW)
    decision = Decision(
        id="d-0123456789",
        target="product-e",
        action=Action.QUARANTINE,
        verdict=Verdict.DATA_FAULT,
        subjects=["xmeas_7"],
        fault="Stuck",
        since=NOW,
        evidence=evidence,
        summary="xmeas_7 cannot be believed.",
    )
    numbers.decided([decision])
    assert 'andon_decisions_total{reason="Stuck",verdict="DataFault"} 1.0' in text(numbers)


def test_the_age_of_the_newest_evidence_grows_while_nothing_comes():
    numbers = Telemetry(dict)
    assert "andon_newest_evidence_age_seconds" not in text(numbers)
    scraped = datetime.now(UTC) - timedelta(seconds=100)
    seen = EvidenceSeries("p", "d", "1", "2", "stuck", "t", 0.0, 20, 1, 1, 0.0, first_bad=None, last_row=None, scraped=scraped)
    numbers.saw((seen,))
    numbers.saw(Missing("Timeout", "Prometheus"))
    numbers.saw(())
    age = next(float(line.split()[1]) for line in text(numbers).splitlines() if line.startswith("andon_newest"))
    assert 100 <= age < 110


def test_what_a_person_rejected_waits_for_nobody():
    def policy(name, *ids):
        decisions = [{"id": i, "state": "Open", "action": "Rollback", "verdict": "ModelRegression"} for i in ids]
        return {"metadata": {"namespace": "p", "name": name}, "status": {"decisions": decisions}}

    rejected = {"metadata": {"namespace": "p", "name": "e"}, "status": {"rejected": [{"decision": "d-1", "by": "jane"}]}}
    elsewhere = {**rejected, "metadata": {"namespace": "q", "name": "e"}}
    policies = [policy("a", "d-1", "d-2"), policy("b", "d-1")]

    def waiting(*actors):
        numbers = Telemetry(dict, lambda: policies, lambda: actors)
        said = generate_latest(numbers.registry).decode().splitlines()
        return [line.rpartition(" ")[2] for line in said if line.startswith("andon_decision_open{")]

    assert (waiting(), waiting(elsewhere), waiting(rejected)) == (["2.0", "1.0"], ["2.0", "1.0"], ["1.0"])
