"""What the statuses of other objects say, each read once for every version of it: ten thousand policies ask for the same."""

from collections import OrderedDict
from typing import Any, Final, TypeVar

from andon.api.types import StatusModel
from andon.controllers.informer import Object
from andon.controllers.objects import others_status

Status = TypeVar("Status", bound=StatusModel)

_REMEMBERED: Final = 50_000


class Statuses:
    """Remembers those it was last asked for."""

    def __init__(self) -> None:
        self._read: OrderedDict[str, tuple[str, Any]] = OrderedDict()

    def of(self, obj: Object, model: type[Status]) -> Status:
        """The status of an object of another controller; one that cannot be read says nothing."""
        uid, version = obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]
        known = self._read.get(uid)
        status: Status = known[1] if known is not None and known[0] == version else others_status(obj, model)
        self._read[uid] = (version, status)
        self._read.move_to_end(uid)
        while len(self._read) > _REMEMBERED:
            self._read.popitem(last=False)
        return status
