"""A tag's node is found by its namespace's URI, wherever that stands in the array."""

import pytest
from asyncua import ua

from andon.runtime.collect.nodes import NodeUnknownError, resolve

ARRAY = ["http://opcfoundation.org/UA/", "urn:server", "urn:press:line-3", "urn:plant:tep"]


@pytest.mark.parametrize(
    ("node", "id_"),
    [
        ("nsu=urn:plant:tep;s=XMEAS_7", ua.NodeId("XMEAS_7", 3)),
        ("nsu=urn:press:line-3;i=42", ua.NodeId(42, 2)),
        ("nsu=urn:plant:tep;s=a;b=c", ua.NodeId("a;b=c", 3)),
        ("nsu=http://opcfoundation.org/UA/;i=2258", ua.NodeId(2258, 0)),
    ],
)
def test_resolves_by_uri(node, id_):
    assert resolve(node, ARRAY) == id_


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ("nsu=urn:gone;s=X", "no namespace 'urn:gone', only urn:server, urn:press:line-3, urn:plant:tep"),
        ("nsu=urn:plant:tep;i=seven", "is not a node"),
        ("ns=3;s=X", "write for example nsu="),
    ],
)
def test_says_why_a_node_is_unknown(node, says):
    with pytest.raises(NodeUnknownError, match=says):
        resolve(node, ARRAY)
