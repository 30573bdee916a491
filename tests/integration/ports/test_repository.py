"""A decision reaches a real git repository: once, as one line, whatever happens on the way."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from andon.api import config
from andon.ports.git.command import environment, run
from andon.ports.git.repository import GitRepository
from andon.ports.git.writeback import AlreadySo, Committed, Refused, WriteBack
from andon.ports.missing import Missing
from andon.ports.splice import ObjectRef
from integration.ports.keys import secret, ssh_key
from support.descendants import alive, descendants
from support.eventually import eventually
from support.gitremote import Remote, manifest, served
from support.odd import silent

FILE = "plant-a/reactor.yaml"


@pytest.fixture
def remote(tmp_path):
    remote = Remote(tmp_path)
    remote.push({FILE: manifest("2"), "README.md": "plant\n"})
    return remote


@pytest.fixture
async def repository(tmp_path):
    repository = GitRepository(tmp_path / "cache", timeout=10)
    yield repository
    await repository.close()


def intent(url, name="reactor", decision="d-0123456789", **changes):
    entry = config.Repository(name="plant", url=url, path="plant-a", namespaces=["plant-a"], author="Andon <andon@plant>")
    made = WriteBack(
        repository=entry,
        object=ObjectRef("andon.dev/v1alpha1", "ModelDeployment", "plant-a", name),
        path="spec.model.mlflow.version",
        old="2",
        new="1",
        decision=decision,
        override="spec.model.overrides",
        subject=f"Roll back plant-a/{name} from version 2 to 1",
        body="On the same 312 rows its error was 1.8 times version 1's (limit 1.1).",
        trailers=(("Andon-Verdict", "ModelRegression"), ("Andon-From", "2")),
    )
    return replace(made, **changes)


async def test_a_decision_is_one_commit_with_one_changed_line(remote, repository):
    before = remote.tip
    outcome = await repository.write_back(intent(remote.url))
    assert outcome == Committed(remote.tip)
    assert remote.commits[1] == before
    assert remote.show(f"main:{FILE}") == manifest("1")
    assert remote.git("diff", "--numstat", before, remote.tip, at=remote.bare).split() == ["1", "1", FILE]
    assert remote.git("log", "-1", "--format=%an <%ae> %cn", "main", at=remote.bare).strip() == "Andon <andon@plant> Andon"
    assert remote.git("log", "-1", "--format=%B", "main", at=remote.bare).rstrip() == (
        "Roll back plant-a/reactor from version 2 to 1\n\n"
        "On the same 312 rows its error was 1.8 times version 1's (limit 1.1).\n\n"
        "Andon-Decision: d-0123456789\nAndon-Verdict: ModelRegression\nAndon-From: 2"
    )
    remote.git("fsck", "--strict", at=remote.bare)


async def test_over_http_as_over_a_path(remote, repository):
    with served(remote.bare.parent) as address:
        url = f"{address}/plant.git"
        assert await repository.probe(intent(url).repository) == remote.tip
        assert await repository.write_back(intent(url)) == Committed(remote.tip)
    assert remote.show(f"main:{FILE}") == manifest("1")


async def test_a_repeat_changes_nothing_and_names_the_commit(remote, repository):
    outcome = await repository.write_back(intent(remote.url))
    remote.push({"README.md": "later\n"})
    tip = remote.tip
    assert await repository.write_back(intent(remote.url)) == AlreadySo(outcome.commit)
    assert remote.tip == tip


async def test_what_a_person_wrote_first_is_already_so_without_a_commit_of_ours(remote, repository):
    remote.push({FILE: manifest("1")})
    assert await repository.write_back(intent(remote.url)) == AlreadySo(None)


async def test_a_third_version_is_somebodys_own_decision(remote, repository):
    remote.push({FILE: manifest("3")})
    outcome = await repository.write_back(intent(remote.url))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "Superseded"
    assert "git names 3" in outcome.message


async def test_an_override_that_is_not_synced_yet_is_not_undone(remote, repository):
    overridden = manifest("2").replace("  model:\n", "  model:\n      overrides: d-0123456789\n")
    tip = remote.push({FILE: overridden})
    outcome = await repository.write_back(intent(remote.url))
    assert isinstance(outcome, Refused)
    assert (outcome.reason, remote.tip) == ("Overridden", tip)
    assert isinstance(await repository.write_back(intent(remote.url, decision="d-aaaaaaaaaa")), Committed)


async def test_who_puts_the_old_version_back_is_not_fought(remote, repository):
    await repository.write_back(intent(remote.url))
    tip = remote.push({FILE: manifest("2")})
    outcome = await repository.write_back(intent(remote.url))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "Overwritten"
    assert remote.tip == tip


async def test_six_writers_that_race_all_land(remote, tmp_path):
    names = [f"reactor-{n}" for n in range(6)]
    before = len(remote.commits)
    remote.push({f"plant-a/{name}.yaml": manifest(name=name) for name in names})
    # A person pushes in between as well, from the first of their pushes.
    writers = [GitRepository(tmp_path / name, timeout=20).write_back(intent(remote.url, name, f"d-{name}")) for name in names]
    outcomes = await asyncio.gather(*writers, asyncio.to_thread(remote.push, {"README.md": "meanwhile\n"}))
    assert all(isinstance(outcome, Committed) for outcome in outcomes[:-1])
    assert len(remote.commits) == before + 1 + 6 + 1
    assert all(remote.show(f"main:plant-a/{name}.yaml") == manifest("1", name) for name in names)


async def test_decisions_of_one_moment_are_a_commit_each_and_one_push(remote, repository):
    names = [f"reactor-{n}" for n in range(5)]
    before = remote.push({f"plant-a/{name}.yaml": manifest(name=name) for name in names})
    pushes = remote.bare / "pushes"
    remote.hook("post-receive", f"cat >> {pushes}")
    outcomes = await asyncio.gather(*(repository.write_back(intent(remote.url, name, f"d-{name}")) for name in names))
    assert [outcome.commit for outcome in outcomes] == remote.commits[:5][::-1]
    assert pushes.read_text().splitlines() == [f"{before} {remote.tip} refs/heads/main"]


async def test_one_that_the_server_refuses_does_not_stop_the_others(remote, repository):
    names = ["a", "b", "c"]
    remote.push({f"plant-a/{name}.yaml": manifest(name=name) for name in names})
    remote.hook("pre-receive", 'read old new ref; git log --format=%B "$old..$new" | grep -q d-b && echo not b && exit 1; exit 0')
    outcomes = await asyncio.gather(*(repository.write_back(intent(remote.url, name, f"d-{name}")) for name in names))
    assert [isinstance(outcome, Committed) for outcome in outcomes] == [True, False, True]
    assert "not b" in outcomes[1].detail
    assert remote.show("main:plant-a/b.yaml") == manifest("2", "b")


async def test_two_who_are_told_the_same_make_one_commit(remote, tmp_path):
    before = len(remote.commits)
    writers = [GitRepository(tmp_path / name, timeout=20) for name in ("one", "other")]
    outcomes = await asyncio.gather(*(writer.write_back(intent(remote.url)) for writer in writers))
    await asyncio.gather(*(writer.close() for writer in writers))
    assert len(remote.commits) == before + 1
    assert {outcome.commit for outcome in outcomes} == {remote.tip}


async def test_of_what_ran_nothing_is_left(remote, repository):
    await repository.write_back(intent(remote.url))
    await repository.close()
    before, others = open_files(), descendants(os.getpid())
    for number in range(4):
        remote.push({f"plant-a/{number}.yaml": manifest(name=f"r-{number}")})
        assert isinstance(await repository.write_back(intent(remote.url, f"r-{number}", f"d-{number}")), Committed)
    await repository.close()
    await asyncio.to_thread(eventually, open_files, lambda now: now <= before, within=5)  # a child's last pipe may close late
    assert set(descendants(os.getpid())) <= set(others)


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_lost_race_is_decided_anew_on_what_is_there_now(remote, repository):
    """Between our fetch and our push a person commits a third version: the hook plays that person, once."""
    theirs = remote.push({FILE: manifest("3")})
    remote.git("update-ref", "refs/heads/main", f"{theirs}~1", at=remote.bare)
    play = f"mv hooks/pre-receive hooks/done; env -u GIT_QUARANTINE_PATH git update-ref refs/heads/main {theirs}; exit 1"
    remote.hook("pre-receive", play)
    outcome = await repository.write_back(intent(remote.url))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "Superseded"
    assert remote.tip == theirs


async def test_a_push_that_landed_unheard_is_a_commit(remote, repository):
    remote.hook("post-receive", "kill -9 $PPID")
    assert await repository.write_back(intent(remote.url)) == Committed(remote.tip)
    assert remote.show(f"main:{FILE}") == manifest("1")


async def test_a_protected_branch_is_weather_that_says_why(remote, repository):
    remote.hook("pre-receive", "echo protected: ask the plant; exit 1")
    outcome = await repository.write_back(intent(remote.url))
    assert isinstance(outcome, Missing)
    assert outcome.reason == "Refused"
    assert "protected: ask the plant" in outcome.detail
    (remote.bare / "hooks/pre-receive").unlink()
    assert isinstance(await repository.write_back(intent(remote.url)), Committed)


WRITER = """
import asyncio, pathlib, sys
sys.path.insert(0, "tests")
from integration.ports.test_repository import GitRepository, intent
repository = GitRepository(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
asyncio.run(repository.write_back(intent(sys.argv[2])))
"""


def begin_and_kill(cache, url, moment):
    """An operator that is killed with all its processes, so many seconds after it began to write."""
    with subprocess.Popen([sys.executable, "-c", WRITER, cache, url], stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        time.sleep(moment)
        for pid in (writer.pid, *descendants(writer.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("moment", [0.01, 0.05, 0.15, 0.4, 0.7])
async def test_killed_at_any_moment_and_repeated_there_is_one_commit(remote, repository, tmp_path, moment):
    before = len(remote.commits)
    await asyncio.to_thread(begin_and_kill, tmp_path / "cache", remote.url, moment)
    assert isinstance(await repository.write_back(intent(remote.url)), (Committed, AlreadySo))
    assert len(remote.commits) == before + 1
    assert remote.show(f"main:{FILE}") == manifest("1")


@pytest.mark.parametrize("damage", ["refs/andon/tip.lock", "HEAD", "objects"])
async def test_a_broken_cache_is_made_anew(remote, repository, tmp_path, damage):
    await repository.write_back(intent(remote.url))
    (cache,) = (tmp_path / "cache").glob("*.git")
    broken = cache / damage
    if broken.is_dir():
        broken.rename(cache / "gone")
    else:
        broken.write_text("")
    remote.push({"README.md": "later\n", "plant-a/b.yaml": manifest(name="b")})
    assert isinstance(await repository.write_back(intent(remote.url, "b", "d-b")), Committed)


async def test_a_missing_branch_is_told_from_a_missing_server(remote, repository):
    entry = intent(remote.url).repository.model_copy(update={"branch": "production"})
    outcome = await repository.write_back(intent(remote.url, repository=entry))
    assert (outcome.reason, "branch production" in outcome.detail) == ("NotFound", True)


async def test_git_that_never_answers_ends_with_the_time_out_and_leaves_no_process(tmp_path):
    before = set(descendants(os.getpid()))
    repository = GitRepository(tmp_path / "cache", timeout=1)
    with silent() as address:
        async with asyncio.timeout(10):
            outcome = await repository.write_back(intent(f"{address}/plant.git"))
            await repository.close()
    assert outcome.reason == "Timeout"
    assert not [pid for pid in {*descendants(os.getpid())} - before if alive(pid)]


async def test_who_comes_after_a_commit_that_took_too_long_has_a_child_of_its_own_and_the_right_answer(
    remote, tmp_path, monkeypatch
):
    remote.push({"plant-a/b.yaml": manifest(name="b")})
    private, _ = ssh_key(tmp_path / "keys")
    secret(tmp_path / "secrets", "signing", ssh_privatekey=private)
    slow, begun = tmp_path / "bin/ssh-keygen", tmp_path / "begun"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\nmkdir {begun} && sleep 60\nexec {shutil.which("ssh-keygen")} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    repository = GitRepository(tmp_path / "cache", timeout=3, secrets=tmp_path / "secrets")
    entry = intent(remote.url).repository.model_copy(update={"signing_key": "signing"})
    first = asyncio.create_task(repository.write_back(intent(remote.url, repository=entry)))
    await asyncio.to_thread(eventually, begun.exists, within=20)
    second = await repository.write_back(intent(remote.url, "b", "d-b", repository=entry))
    await repository.close()
    assert ((await first).reason, second) == ("Timeout", Committed(remote.tip))
    assert (remote.show("main:plant-a/b.yaml"), remote.show(f"main:{FILE}")) == (manifest("1", "b"), manifest("2"))


async def test_a_process_that_outlives_its_time_takes_its_children_with_it(tmp_path):
    pid_file = tmp_path / "pid"
    with pytest.raises(TimeoutError):
        await run(("sh", "-c", f"sleep 60 & echo $! > {pid_file}; wait"), environment(tmp_path / "home"), within=0.5)
    assert not alive(int(pid_file.read_text()))


async def test_no_configuration_of_the_machine_is_seen(remote, repository, tmp_path, monkeypatch):
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    (hostile / ".gitconfig").write_text('[url "file:///nowhere/"]\n\tinsteadOf = file://\n')
    monkeypatch.setenv("HOME", str(hostile))
    monkeypatch.setenv("GIT_DIR", os.fspath(hostile))
    assert isinstance(await repository.write_back(intent(remote.url)), Committed)


async def test_names_in_no_encoding_and_odd_modes_survive(remote, repository):
    (remote.tree / "plant-a" / os.fsdecode(b"\xff\xfe.txt")).write_text("x")
    (remote.tree / "plant-a/run.sh").write_text("x")
    (remote.tree / "plant-a/run.sh").chmod(0o755)
    (remote.tree / "plant-a/link.yaml").symlink_to("reactor.yaml")
    before = remote.push({})
    assert isinstance(await repository.write_back(intent(remote.url)), Committed)
    assert remote.git("diff", "--name-only", before, remote.tip, at=remote.bare).split() == [FILE]
    remote.git("fsck", "--strict", at=remote.bare)


@pytest.mark.parametrize(
    ("files", "reason", "says"),
    [
        pytest.param({FILE: manifest("{{ v }}")}, "Templated", "plant-a/reactor.yaml:8", id="a template"),
        pytest.param({FILE: "a: 1\n"}, "NotFound", "ModelDeployment plant-a/reactor", id="not there"),
        pytest.param({"plant-a/copy.yml": manifest()}, "Ambiguous", "plant-a/copy.yml:3, plant-a/reactor.yaml:3", id="two of it"),
    ],
)
async def test_what_is_not_ours_to_change_is_refused_with_its_place(remote, repository, files, reason, says):
    tip = remote.push(files)
    outcome = await repository.write_back(intent(remote.url))
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert says in outcome.message
    assert remote.tip == tip


def test_text_from_elsewhere_adds_no_trailer():
    forged = intent(
        "file:///x", subject="a\nb", body="x\n\nAndon-Decision: d-other", trailers=(("Andon-Policy", "p\nAndon-To: 9"),)
    )
    assert forged.message() == "a b\n\nx Andon-Decision: d-other\n\nAndon-Decision: d-0123456789\nAndon-Policy: p Andon-To: 9\n"
