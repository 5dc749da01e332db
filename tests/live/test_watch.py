# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""tally containers --watch: what comes, gets another name and goes, for a script."""

import json
import subprocess
import time

import pytest
from cgroups import Version1, hierarchy
from processes import launch
from runs import Run, run
from support import MAKER, PARENT, SOON, TALLY, WORKLOADS, eventually

MEMBERS = ["name", "container_id", "runtime", "pod", "namespace", "systemd_unit", "cgroup"]


def watch(*arguments, **options):
    return Run("containers", "--watch", "--json", *arguments, **options)


def changes(result, prefix=f"/{PARENT}/"):
    """What was told of the containers of these tests, in order."""
    return [(record["change"], record["name"]) for record in result.records
            if record["type"] == "container_change" and record["cgroup"].startswith(prefix)]


def so_far(running, prefix=f"/{PARENT}/"):
    """The same while it runs."""
    lines = [json.loads(line) for line in running.so_far().splitlines(keepends=True) if line.endswith(b"\n")]
    return [(record["change"], record["name"]) for record in lines
            if record["type"] == "container_change" and record["cgroup"].startswith(prefix)]


def wait_until_told(running, change, name):
    eventually(lambda: (change, name) in so_far(running), f"{name} {change}")


def live(name):
    subprocess.run([MAKER, "run", name, "--cgroup-parent", PARENT, "--",
                    WORKLOADS / "workload_naps", "20"], check=True, timeout=SOON)


@pytest.fixture
def parent():
    yield
    if (hierarchy() / PARENT).exists():
        (hierarchy() / PARENT).rmdir()


def test_whole_lives(start):
    """One that was there, one that comes, gets another name and goes, and one of a moment. Every
    record is one of the schema (runs.parse)."""
    start("old", "chatter", 1, 0)
    running = watch()
    new = start("new", "chatter", 1, 0)
    wait_until_told(running, "born", "new")
    live("brief")
    wait_until_told(running, "died", "brief")
    new.exec("hostname", "newer")
    wait_until_told(running, "named", "newer")
    new.stop()
    wait_until_told(running, "died", "newer")
    result = running.end()
    assert result.status == 0, result.err.decode()
    assert changes(result) == [
        ("exists", "old"), ("born", "new"), ("born", "brief"), ("died", "brief"),
        ("named", "newer"), ("died", "newer")]
    record = next(each for each in result.records if each.get("name") == "newer")
    assert list(record) == ["schema", "type", "time", "change", *MEMBERS]
    assert record["cgroup"] == new.cgroup and record["runtime"] == "namespaces"
    assert not result.lost


def test_many_in_their_order(parent):
    """Each is born before it dies, under its name, and once."""
    running = watch()
    names = [f"w{number}" for number in range(101)]
    for name in names:
        live(name)
    eventually(lambda: [change for change, _ in so_far(running)].count("died") >= len(names), "all deaths")
    told = changes(running.end())
    assert [name for change, name in told if change == "born"] == names
    assert [name for change, name in told if change == "died"] == names
    assert len(told) == 2 * len(names)


@pytest.mark.alone
def test_each_life_ends_once(start):
    """Also where a cgroup gets another path: its container of before is no more."""
    hierarchy_1 = Version1(f"name={PARENT}")
    try:
        running = watch("--hierarchy", hierarchy_1.name)
        container = start("moved", "chatter", 1, 0, version_1=hierarchy_1)
        time.sleep(1.2)
        renamed = container.directory.with_name("elsewhere")
        container.directory.rename(renamed)
        time.sleep(1.2)
        renamed.rename(container.directory)
        time.sleep(1.2)
        container.stop()
        eventually(lambda: so_far(running)[-1][0] == "died", "its end")
        told = changes(running.end())
        alive = False
        for change, _ in told:
            assert alive == (change in ("named", "died")), told
            alive = change != "died"
        assert not alive and told[0][0] == "born"
    finally:
        hierarchy_1.unmount()


def test_text(start):
    start("old", "chatter", 1, 0)
    result = Run("containers", "--watch", "-d", 0.5, until_ready=False).wait()
    assert result.status == 0
    heading, *lines = result.out.decode().splitlines()
    assert heading.split() == ["TIME", "CHANGE", "NAME", "ID", "RUNTIME", "POD", "CGROUP"]
    assert any(line.split()[1:3] == ["exists", "old"] for line in lines)


def test_a_line_is_there_when_it_has_happened(start):
    """Also in a pipe."""
    process = launch([TALLY, "containers", "--watch", "--json"], stdout=subprocess.PIPE,
                     stderr=subprocess.DEVNULL)
    start("old", "chatter", 1, 0)
    line = process.stdout.readline()
    while b'"old"' not in line:
        line = process.stdout.readline()
        assert line
    process.stdout.close()  # nobody reads any more: the run ends, and all is well
    assert process.wait(SOON) == 0


def test_usage():
    assert "--watch" in run("containers", "-d", 1, status=2).sentence
    assert "--watch" in run("doctor", "--watch", status=2).sentence
