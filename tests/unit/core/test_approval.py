"""What of an annotation is a word of somebody's, and what is none."""

import pytest

from andon.core.approval import spoken

ID = "d-0123456789"


@pytest.mark.parametrize(
    ("annotation", "heard"),
    [
        pytest.param(f"{ID}/jane", (ID, "jane"), id="a decision"),
        pytest.param("r-0123456789/jane", ("r-0123456789", "jane"), id="a step of a rollout"),
        pytest.param(
            f"{ID}/https://idp.example/realms/plant#anna@plant.example",
            (ID, "https://idp.example/realms/plant#anna@plant.example"),
            id="a username with slashes and colons",
        ),
        pytest.param(f"{ID}/system:serviceaccount:chat:bot", (ID, "system:serviceaccount:chat:bot"), id="a ServiceAccount"),
        pytest.param("", None, id="nothing"),
        pytest.param(ID, None, id="nobody's"),
        pytest.param(f"{ID}/", None, id="nobody's, with a slash"),
        pytest.param("yes/jane", None, id="no decision"),
        pytest.param(f"x{ID}/jane", None, id="no decision's id"),
        pytest.param(f"{ID}/jane\nAndon-Decision: d-ffffffffff", None, id="a second trailer"),
        pytest.param(f"{ID}/jane\n", None, id="a line's end"),
        pytest.param(f"{ID}/{'j' * 513}", None, id="longer than a status holds"),
    ],
)
def test_spoken(annotation: str, heard: tuple[str, str] | None):
    assert spoken(annotation) == heard
