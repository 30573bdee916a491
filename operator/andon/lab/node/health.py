"""Is a container started, ready, and must it be ended? The three probes together, in the kubelet's order."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from andon.lab.node.probes import Check, verdicts

Json = Mapping[str, object]
Checks = Mapping[str, tuple[Mapping[str, int], Check]]
"""By `startupProbe`, `readinessProbe`, `livenessProbe`: the probe's numbers and its question."""


class Tell(Protocol):
    """Hears whether the container is started and ready."""

    def __call__(self, *, started: bool, ready: bool) -> None: ...  # noqa: D102


async def until_dead(checks: Checks, tell: Tell) -> str:
    """Probes for as long as the container is healthy; returns why it must be ended."""
    if "startupProbe" in checks:
        tell(started=False, ready=False)
        if problem := await _startup(checks):
            return f"startup probe failed: {problem}"
    tell(started=True, ready="readinessProbe" not in checks)
    readiness = asyncio.create_task(_readiness(checks, lambda ready: tell(started=True, ready=ready)))
    try:
        return f"liveness probe failed: {await _liveness(checks)}"
    finally:
        readiness.cancel()


async def _startup(checks: Checks) -> str:
    async for verdict in verdicts(*checks["startupProbe"]):
        return "" if verdict.passed else verdict.message
    raise AssertionError("verdicts never end")


async def _readiness(checks: Checks, tell: Callable[[bool], None]) -> None:
    if "readinessProbe" in checks:
        async for verdict in verdicts(*checks["readinessProbe"]):
            tell(verdict.passed)


async def _liveness(checks: Checks) -> str:
    if "livenessProbe" in checks:
        async for verdict in verdicts(*checks["livenessProbe"]):
            if not verdict.passed:
                return verdict.message
    await asyncio.Future()  # nothing asks whether it is alive: it is
    raise AssertionError("never resolved")
