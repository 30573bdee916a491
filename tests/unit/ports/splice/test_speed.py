"""Five megabytes, or five thousand files, are no reason to wait. Limits are five times what an idle machine takes."""

import time

import pytest

from andon.ports.splice import find
from support.large import PATH, many_documents, many_files, one_document

MEGABYTES = 5_000_000


@pytest.mark.parametrize(
    ("large", "seconds"),
    [
        pytest.param(many_documents(MEGABYTES), 3, id="many documents"),
        pytest.param(one_document(MEGABYTES // 5), 5, id="a fifth of that in one document"),
        pytest.param(many_files(5_000), 0.5, id="many files"),
    ],
)
def test_an_edit_takes_seconds_at_most(large, seconds):
    files, ref = large
    begin = time.process_time()
    place = find(files, ref, PATH)
    after = place.changed_to("3")
    assert time.process_time() - begin < seconds
    assert len(after) == len(files[place.file])
    assert after.count(b'version: "3"') == 1
