"""What must never be in git: places of one machine, registries, secrets, binaries."""

import re

import pytest

from unit.habits.tree import content, texts, tracked

# Written so that this file is not a hit itself.
REGISTRIES = r"pypi[.]org|python(?:hosted)[.]org|(?:proxy|sum)[.]golang[.]org|npmjs[.]org|(?:static|index)[.]crates[.]io"
MACHINE_PATHS = r"(?<![\w.])/(?:root|home/\w+|work/(?:main|shared)|opt/wheels|tmp/tcbin)\b"
SECRETS = (
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30}|\bglpat-\w{20}|\bxox[abp]-\w{10}|\beyJ\w{30,}[.]eyJ"
)
LARGEST_FILE = 1_000_000


@pytest.mark.parametrize("forbidden", [REGISTRIES, MACHINE_PATHS, SECRETS], ids=["registry hosts", "machine paths", "secrets"])
def test_no_file_says(forbidden: str):
    hits = [f"{path}: {match[0]}" for path, text in texts() for match in re.finditer(forbidden, text)]
    assert not hits


@pytest.mark.parametrize(
    ("forbidden", "text"),
    [
        (REGISTRIES, "https://pypi" + ".org/simple"),
        (REGISTRIES, "GOPROXY=https://proxy" + ".golang.org"),
        (MACHINE_PATHS, "see /ro" + "ot/.cache"),
        (MACHINE_PATHS, "cd /home" + "/jo/andon"),
        (SECRETS, "-----BEGIN OPENSSH " + "PRIVATE KEY-----"),
        (SECRETS, "AKIA" + "A" * 16),
    ],
)
def test_what_must_not_be_said_is_noticed(forbidden: str, text: str):
    assert re.search(forbidden, text)


def test_no_binary_and_no_large_file():
    assert not [path for path in tracked() if b"\0" in content(path) or len(content(path)) > LARGEST_FILE]
