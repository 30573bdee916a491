"""Which loopback address does a pod get?"""

from itertools import product


class Addresses:
    """The addresses 127.N.x.y of one node, one per pod. network: as `127.55`; first, last: the range of x.

    y runs from 2 to 254; 127.N.first.1 is the node's own.
    """

    def __init__(self, network: str, first: int, last: int) -> None:
        parts = network.split(".")
        if len(parts) != 2 or parts[0] != "127" or not parts[1].isdigit() or int(parts[1]) > 255:
            raise ValueError(f"--network {network!r}: expected the first two numbers of a loopback network, as 127.55")
        if not 0 <= first <= last <= 255:
            raise ValueError(f"--pod-range {first}-{last}: expected two numbers from 0 to 255, the smaller first")
        self.node = f"{network}.{first}.1"
        self._free = [f"{network}.{x}.{y}" for x, y in product(range(first, last + 1), range(2, 255))]
        self._held: dict[str, str] = {}

    def take(self, uid: str, wanted: str | None = None) -> str:
        """The pod's address: the one it holds, the one it had before if that is free, or the one that has been free longest.

        Raises RuntimeError when none is left.
        """
        if uid not in self._held:
            if not self._free:
                raise RuntimeError("no address is left for another pod; give the node a wider --pod-range")
            self._held[uid] = self._free.pop(self._free.index(wanted) if wanted in self._free else 0)
        return self._held[uid]

    def release(self, uid: str) -> None:
        """To the end of the queue: an address that was just used stays unused as long as possible."""
        if address := self._held.pop(uid, None):
            self._free.append(address)
