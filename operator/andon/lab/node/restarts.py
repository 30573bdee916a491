"""When is a container started again, and how long does it wait before?"""

from dataclasses import dataclass


def restarts(policy: str, code: int) -> bool:
    """Whether a container that exited with this code is started again under the pod's restartPolicy."""
    return policy == "Always" or (policy == "OnFailure" and code != 0)


@dataclass(slots=True)
class BackOff:
    """The kubelet's: at once, then `base`, doubling up to `cap`; forgotten after a run of `forget`. All in seconds."""

    base: float = 10
    cap: float = 300
    forget: float = 600
    _next: float = 0

    def after(self, ran: float) -> float:
        """How long to wait now, given how long the container ran."""
        delay = 0 if ran >= self.forget else self._next
        self._next = min(delay * 2 or self.base, self.cap)
        return delay
