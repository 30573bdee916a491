"""How long may a fetch last?"""

import pytest

from andon.api.missing import Missing
from andon.ports.git.cache import Branch
from andon.ports.git.command import Git, environment
from support.gitremote import Remote, manifest

CUT = Missing("Timeout", "git fetch did not end")


class Watched(Git):
    """cut: fetches are cut off. patience: of each fetch."""

    def __init__(self, folder):
        super().__init__(folder / "cache.git", environment(folder / "home"), 20, str)
        self.cut, self.patience = True, []

    async def __call__(self, command, *arguments, patience=1.0, **more):
        if command == "fetch":
            self.patience.append(patience)
            if self.cut:
                return CUT
        return await super().__call__(command, *arguments, patience=patience, **more)


@pytest.mark.parametrize("packed", [False, True])
async def test_a_first_fetch_that_was_cut_off_has_its_long_time_again_until_one_has_ended(tmp_path, packed):
    remote, git = Remote(tmp_path), Watched(tmp_path)
    tip = remote.push({"a.yaml": manifest()})
    branch = Branch(remote.url, "main", "main", git, lambda: None)
    assert [await branch.fetch(), await branch.fetch()] == [CUT, CUT]
    git.cut = False
    assert await branch.fetch() == tip
    if packed:
        await git("pack-refs", "--all")
    assert await branch.fetch() == tip
    assert git.patience == [10.0, 10.0, 10.0, 1.0]
