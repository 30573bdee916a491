"""Every image that the operator or the chart names can be built, and runs a command that there is."""

import re
import tomllib

from andon.api.config import Images
from andon.cli.parts import PARTS
from unit.habits.tree import ROOT

CONTAINERFILE = (ROOT / "images" / "Containerfile").read_text()
STAGE = re.compile(r"^FROM base AS (\w+)$.*?^COPY --from=build-(\w+) .*?^ENTRYPOINT \[\"andon\", \"(\w+)\"\]$", re.M | re.S)


def test_each_part_has_an_image_that_runs_it():
    wanted = {"operator"} | {image.removeprefix("andon/").partition(":")[0] for image in Images().model_dump().values()}
    stages = STAGE.findall(CONTAINERFILE)
    assert {target for target, _, _ in stages} == wanted
    assert all(target == built == command for target, built, command in stages)
    assert wanted <= {part.name for part in PARTS}


def test_each_image_installs_its_own_extra():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    installed = dict(re.findall(r"^FROM build AS build-(\w+)\nRUN pip install \"/src\[(\w+)\]\"$", CONTAINERFILE, re.M))
    assert len(installed) == 4
    assert all(target == extra and extra in extras for target, extra in installed.items())
