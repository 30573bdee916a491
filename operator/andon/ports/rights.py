"""Which right does a request to the API server need, and how does somebody get it?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_PATH: Final = re.compile(
    r"/(?:api/v1|apis/(?P<group>[^/]+)/[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+))?"
    r"(?:/(?P<sub>[a-z]+))?.*"
)
_VERBS: Final = {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Right:
    """One rule of RBAC. group: empty for the core's. namespace: None for all of them, or none."""

    verb: str
    group: str
    resource: str
    namespace: str | None = None

    def __str__(self) -> str:
        """As a Role has it."""
        return f'{{apiGroups: ["{self.group}"], resources: [{self.resource}], verbs: [{self.verb}]}}'


def right_to(method: str, path: str, query: Mapping[str, str]) -> str:
    """What is missing where this request is forbidden, and the next step."""
    right = right_of(method, path, query)
    if right is None:
        return "ask for the right to"
    where = f"a Role in namespace {right.namespace}" if right.namespace else "a ClusterRole"
    return f"{where} must grant you {right}"


def right_of(method: str, path: str, query: Mapping[str, str]) -> Right | None:
    """None for what is no resource."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    resource = f"{found['resource']}/{found['sub']}" if found["sub"] else found["resource"]
    return Right(_verb(method, found["name"], query), found["group"] or "", resource, found["namespace"])


def _verb(method: str, name: str | None, query: Mapping[str, str]) -> str:
    if method != "GET":
        return _VERBS[method]
    return "get" if name else "watch" if "watch" in query else "list"
