"""What the pages about scored rows say of what they do not have."""

import pytest

from andon.runtime.serve.http.pages import pages
from andon.runtime.serve.oip.message import RequestError


class Empty:
    """Nothing was scored."""

    async def why(self, time_ms):
        del time_ms


@pytest.mark.parametrize(
    ("time", "says"),
    [
        pytest.param("1794506656200", "no prediction of 2026-11-12T18:04:16.200Z (1794506656200 ms) is kept", id="a date"),
        pytest.param("9" * 18, f"no prediction of {'9' * 18} ms is kept", id="beyond all dates"),
    ],
)
async def test_a_row_that_is_not_kept_is_named_by_its_date(time, says):
    with pytest.raises(RequestError) as refused:
        await pages(Empty())["/why"](f"time={time}")
    assert (refused.value.status, says in str(refused.value)) == (404, True)
