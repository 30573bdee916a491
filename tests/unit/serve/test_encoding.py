"""What is compressed comes out as it went in, and never as more than is borne."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.runtime.serve.http.encoding import SMALLEST, packed, unpacked
from andon.runtime.serve.oip.message import RequestError

LONG = b"a body " * 200


@pytest.mark.parametrize(
    ("sent", "encoding"),
    [
        pytest.param(LONG, None, id="as it is"),
        pytest.param(LONG, b"identity", id="as it is, said"),
        pytest.param(gzip.compress(LONG), b"gzip", id="gzip"),
        pytest.param(gzip.compress(LONG), b" GZIP ", id="gzip in another case"),
        pytest.param(zlib.compress(LONG), b"deflate", id="deflate"),
    ],
)
def test_a_body_is_unpacked(sent, encoding):
    assert unpacked(sent, encoding, 10_000) == LONG


@pytest.mark.parametrize(
    ("sent", "encoding", "status"),
    [
        pytest.param(LONG, b"br", 415, id="another encoding"),
        pytest.param(b"no gzip", b"gzip", 400, id="other bytes"),
        pytest.param(gzip.compress(LONG)[:-9], b"gzip", 400, id="a torn body"),
        pytest.param(gzip.compress(LONG) + b"more", b"gzip", 400, id="bytes behind it"),
        pytest.param(gzip.compress(b"0" * 10_001), b"gzip", 413, id="much in little"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_refused(sent, encoding, status):
    with pytest.raises(RequestError) as refused:
        unpacked(sent, encoding, 10_000)
    assert refused.value.status == status


@given(st.binary(max_size=300), st.sampled_from([b"gzip", b"deflate"]))
def test_any_bytes_are_unpacked_or_refused(sent, encoding):
    try:
        size, status = len(unpacked(sent, encoding, 1000)), 200
    except RequestError as refused:
        size, status = 0, refused.status
    assert size <= 1000
    assert status in {200, 400, 413}


@pytest.mark.parametrize(
    ("accepted", "header"),
    [
        pytest.param(None, b"", id="nothing said"),
        pytest.param(b"br", b"", id="another one"),
        pytest.param(b"gzip;q=0", b"", id="refused"),
        pytest.param(b"gzip", b"content-encoding: gzip\r\n", id="gzip"),
        pytest.param(b"br, deflate;q=0.5", b"content-encoding: deflate\r\n", id="deflate among others"),
    ],
)
def test_an_answer_is_packed_as_its_client_accepts(accepted, header):
    body, said = packed(LONG, accepted)
    assert said == header
    assert unpacked(body, said.removeprefix(b"content-encoding: ").strip(), 10_000) == LONG


def test_a_short_answer_stays_as_it_is():
    assert packed(b"x" * (SMALLEST - 1), b"gzip") == (b"x" * (SMALLEST - 1), b"")
