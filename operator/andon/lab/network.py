"""Which loopback addresses belong to one lab, so that two labs on one machine never meet.

All of 127.0.0.0/8 is this machine, and an unprivileged process may listen anywhere in it: each lab owns one 127.N.0.0/16.
"""

import socket
from dataclasses import dataclass
from typing import Final

from andon.api.errors import UserError

_NUMBERS: Final = range(64, 250)


class NoNetworkError(UserError):
    """Every 127.N.0.0/16 is owned by a running lab."""


@dataclass(frozen=True, slots=True)
class Network:
    """The addresses of one lab: 127.N.0.x its own, 127.N.10.x to 127.N.89.x nodes and pods, 127.N.96.x and up Services."""

    number: int

    @property
    def prefix(self) -> str:
        """``127.N``."""
        return f"127.{self.number}"

    @property
    def control(self) -> str:
        """Where the control plane and the lab's own services listen."""
        return f"{self.prefix}.0.1"

    @property
    def services(self) -> str:
        """The range of ClusterIPs, as CIDR."""
        return f"{self.prefix}.96.0/20"

    @property
    def first_service(self) -> str:
        """The ClusterIP of the ``kubernetes`` Service."""
        return f"{self.prefix}.96.1"

    @property
    def plant(self) -> str:
        """The ClusterIP of the plant's Service, where the plant itself listens: it is no pod that could be forwarded to."""
        return f"{self.prefix}.96.2"

    def pod_range(self, node: int) -> str:
        """The third numbers of a node's addresses, as ``10-19``. node: from 0 to 7."""
        if not 0 <= node < 8:
            raise ValueError(f"node {node} is outside 0..7: a lab has addresses for eight nodes")
        return f"{10 * node + 10}-{10 * node + 19}"


class Claim:
    """A network held by this process until it is released or the process ends, however it ends."""

    def __init__(self, network: Network, held: socket.socket) -> None:
        self.network = network
        self._held = held

    @classmethod
    def take(cls) -> "Claim":
        """The first network that no running lab holds. Raises NoNetworkError when all are held."""
        for number in _NUMBERS:
            held = _hold(number)
            if held:
                return cls(Network(number), held)
        raise NoNetworkError(f"all of 127.{_NUMBERS[0]}.0.0/16 to 127.{_NUMBERS[-1]}.0.0/16 are held by running labs; end one")

    def release(self) -> None:
        """Let another lab have it."""
        self._held.close()


def _hold(number: int) -> socket.socket | None:
    """An abstract socket has exactly the reach of loopback addresses (the network namespace) and leaves no file behind."""
    held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        held.bind(f"\0andon-lab-127.{number}")
    except OSError:
        held.close()
        return None
    return held
