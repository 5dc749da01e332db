# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Containers that exist in a version 1 cgroup hierarchy only: in version 2 they are at the root."""

import functools
import os
from pathlib import Path

import pytest
from support import Measured, Run, Switches, Version1, eventually, hierarchy, measure, often, parse, run, settle

# Where containers live in one of version 1 too, a tally beside that is not told where they live looks there.
pytestmark = pytest.mark.alone

PAIRS, ROUNDS = 4, 500


@pytest.fixture(params=[
    pytest.param("pids", marks=pytest.mark.guest(cgroups="v1"), id="controller"),
    pytest.param(f"name=tally-live-{os.getpid()}", id="name"),
])
def version_1(request):
    """One of a controller, which many hosts have, and one that is nothing but a name."""
    try:
        here = Version1(request.param)
    except LookupError as reason:
        pytest.skip(str(reason))
    yield here
    here.unmount()


@pytest.fixture
def start_there(version_1, start):
    """Containers there; stopped before it is unmounted."""

    def start_one(*arguments, **options):
        return start(*arguments, version_1=version_1, **options)

    yield start_one


@pytest.fixture
def two(start_there):
    """Two that are equally busy, and one of them is asked for."""
    return [start_there(name, "chatter", PAIRS, ROUNDS) for name in ("asked", "neighbour")]


def test_they_are_listed(version_1, two):
    for container in two:
        assert Path(f"/proc/{container.pid}/cgroup").read_text().endswith("\n0::/\n")
    listed = parse(run("containers", "--json", "--hierarchy", version_1.name).out)
    assert [
        (each["name"], each["cgroup"], each["processes"]) for each in listed
        if each["name"] in ("asked", "neighbour")
    ] == [(each.name, each.cgroup, len(each.pids())) for each in two]
    names = [each["name"] for each in
             parse(run("containers", "--json", "--hierarchy", "unified").out)]
    assert not {"asked", "neighbour"} & set(names)


def test_they_are_rows(version_1, two):
    measured = measure(two, "--hierarchy", version_1.name)
    for container, expected in zip(two, measured.expected):
        assert expected > PAIRS * ROUNDS
        total = measured.result.total(container=container.name)
        measured.check(total["count"], expected)
        assert total["key"]["cgroup"] == container.cgroup
    # Kernel threads are told apart from the programs that are in the root with them.
    assert len(measured.result.histograms("total", cgroup="kernel")) == 1


@pytest.mark.parametrize("option", ["name", "path", "full path"])
def test_only_the_one_asked_for(version_1, two, option):
    """A path in a file system says which hierarchy is meant."""
    arguments = {
        "name": ("-c", "asked", "--hierarchy", version_1.name),
        "path": ("--cgroup", two[0].cgroup, "--hierarchy", version_1.name),
        "full path": ("--cgroup", two[0].directory),
    }[option]
    measured = measure(two, *arguments)
    measured.check(measured.result.total(container="asked")["count"], measured.expected[0])
    assert len(measured.result.histograms("total")) == 1


@pytest.mark.parametrize("option", ["-c", "--cgroup"])
def test_sub_cgroups_made_after_the_start(version_1, start_there, option):
    container = start_there("nested", "subcgroups", often(2000, 101))
    value = "nested" if option == "-c" else container.cgroup
    measured = measure([container], option, value, "--hierarchy", version_1.name,
                       finish=container.line)
    assert measured.expected[0] >= often(2000, 101)
    measured.check(measured.result.total(container="nested")["count"], measured.expected[0])


def test_a_new_container(version_1, start_there):
    first = start_there("phoenix", "chatter", 1, 1)
    settle([first])
    running = Run("runqlat", "--json", "-c", "phoenix", "--by", "container,pid", "--hierarchy", version_1.name)
    first.stop()
    second = start_there("phoenix", "chatter", PAIRS, ROUNDS)
    before = settle([second])[0]
    unseen = Switches([1])
    second.go()
    ever = settle([second])[0]
    expected = ever.since(before)
    result = running.end()
    assert result.status == 0, result.err.decode()
    measured = Measured(result, [expected], Switches([1]).total - unseen.total)
    # What it took to make it may be counted, and of its processes is.
    count = sum(row["count"] for row in result.histograms("total", container="phoenix")
                if row["key"]["pid"] in {pid for pid, _ in ever})
    assert expected.total > PAIRS * ROUNDS
    measured.check(count, expected.total, ever.total)
    assert len(result.histograms("total")) == len(result.histograms("total", container="phoenix"))


def test_numbers_of_two_hierarchies_collide(start):
    """What is made in another hierarchy is not taken for the one of the same number in this. Both
    hierarchies are new and see the same, so their numbers are the same."""
    names = [f"name=tally-live-{os.getpid()}-{which}" for which in ("this", "other")]
    this, other = Version1(names[0]), Version1(names[1])
    try:
        asked = start("asked", "chatter", 1, 1, version_1=this)
        neighbour = start("neighbour", "chatter", PAIRS, ROUNDS)
        twin = Path(f"{other.root}{asked.cgroup}")
        twin.mkdir(parents=True)
        assert twin.stat().st_ino == asked.directory.stat().st_ino
        settle([asked, neighbour])
        running = Run("runqlat", "--json", "-c", "asked", "--hierarchy", this.name)
        child, stranger = twin / "child", this.root / "stranger"
        child.mkdir()
        stranger.mkdir()
        try:
            assert child.stat().st_ino == stranger.stat().st_ino
            for pid in neighbour.pids():
                (stranger / "cgroup.procs").write_text(str(pid))
            neighbour.go()
            settle([neighbour])
            result = running.end()
        finally:
            neighbour.stop()
            asked.stop()
            for each in (child, twin, twin.parent, stranger):
                eventually(functools.partial(remove, each), f"{each} is empty")
        assert result.status == 0, result.err.decode()
        assert result.histograms("total", container="neighbour") == []
        assert sum(row["count"] for row in result.histograms("total")) < PAIRS * ROUNDS
    finally:
        this.unmount()
        other.unmount()


def remove(cgroup):
    """A process that has just ended may hold it for a moment."""
    try:
        cgroup.rmdir()
    except OSError:
        return False
    return True


def eventually_said(text):
    """Runs `tally containers -v` until it says this: somebody else may have containers in version 2
    for a while."""

    def listed():
        result = run("containers", "-v")
        return result if text in result.err.decode() else None

    return eventually(listed, text, within=120)


def test_where_containers_live(version_1, start_there, start):
    """In version 1 only: that one; as soon as one is in version 2, that, and what it does not
    show is said."""
    name = version_1.name
    start_there("one", "chatter", 1, 1)
    here = f"tally: cgroups are those of {name} (version 1) at {version_1.root}: "
    said = eventually_said(here)
    assert b"\none " in said.out
    assert "of containers in it, and none in version 2" in said.err.decode()

    start("two", "chatter", 1, 1)
    said = run("containers", "-v")
    assert b"\ntwo " in said.out and b"\none " not in said.out
    text = said.err.decode()
    assert f"tally: cgroups are those of version 2 at {hierarchy()}: containers live in it" in text
    assert f"only in cgroups of version 1 and not distinguished; --hierarchy {name} shows" in text
    result = run("runqlat", "--json", "-d", "0.1")
    assert f"--hierarchy {name} shows" in result.err.decode()


def test_where_none_live():
    eventually_said(f"tally: cgroups are those of version 2 at {hierarchy()}: no container runs")


@pytest.mark.parametrize("command", [("runqlat", "-d", "0.1"), ("runqlat", "--by", "comm"),
                                     ("containers",)])
def test_no_such_hierarchy(command):
    text = run(*command, "--hierarchy", "nonsense", status=2).sentence
    assert "--hierarchy nonsense" in text and "unified" in text
