"""An answer belongs to the question that was asked, or there is none."""

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import andon
from andon.ports.git import scribe as module
from andon.ports.git.command import ended
from andon.ports.git.scribe import LateError, Scribe, ScribeError

ECHO = """
import json, sys
for line in sys.stdin:
    print(json.dumps([json.loads(line)["number"] + {off}, [dict(commit=json.loads(line)["tip"])]]), flush=True)
"""


@asynccontextmanager
async def child(script, timeout):
    pipe = asyncio.subprocess.PIPE
    options = {"stdin": pipe, "stdout": pipe, "stderr": pipe, "start_new_session": True}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, **options)
    try:
        yield Scribe(process, timeout)
    finally:
        await ended(process)


def test_the_child_is_of_the_version_that_asks():
    assert Path(module._source()) == Path(andon.__file__).parents[1]


async def test_each_question_gets_its_own_answer():
    async with child(ECHO.format(off=0), 20) as scribe:
        assert [await scribe.write(tip, [], None) for tip in "ab"] == [[{"commit": "a"}], [{"commit": "b"}]]


async def test_the_answer_to_another_question_is_an_error():
    async with child(ECHO.format(off=-1), 20) as scribe:
        with pytest.raises(ScribeError, match="question 1 was given the answer of question 0"):
            await scribe.write("a", [], None)


async def test_who_does_not_answer_in_time_is_not_merely_missing():
    async with child("import sys; sys.stdin.read()", 0.05) as scribe:
        with pytest.raises(LateError, match="within 0.05 s"):
            await scribe.check("a", [], None)
