"""Which node of this server, today, does a tag mean?

Namespace indices are an accident of the server's last start: the same index may be another machine's variable after a restart.
So a node is resolved from its namespace URI against the NamespaceArray of this very connection, and never remembered.
"""

import re
from collections.abc import Sequence

from asyncua import ua

_NODE = re.compile(r"nsu=(?P<uri>[^;]+);(?P<identifier>[sigb]=.+)", re.DOTALL)


class NodeUnknownError(ValueError):
    """This server has no such node; the message says why."""


def resolve(node: str, namespaces: Sequence[str]) -> ua.NodeId:
    """``nsu=urn:plant:tep;s=XMEAS_7`` as this connection's NodeId. Raises NodeUnknownError."""
    match = _NODE.fullmatch(node)
    if match is None:
        raise NodeUnknownError(f"{node!r} is not a node; write for example nsu=urn:plant:tep;s=XMEAS_7")
    if match["uri"] not in namespaces:
        raise NodeUnknownError(f"the server has no namespace {match['uri']!r}, only {', '.join(namespaces[1:])}")
    try:
        return ua.NodeId.from_string(f"ns={namespaces.index(match['uri'])};{match['identifier']}")
    except ua.UaError as error:
        raise NodeUnknownError(f"{node!r} is not a node: {error}") from error
