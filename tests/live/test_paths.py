# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Cgroups whose path is as long as a path may be, and longer."""

import os

import pytest
from counters import measure
from runs import parse, run


class Nested:
    """Cgroups below that of a container, each in the one before, until the path of the last has
    `length` bytes; all of the container's processes are moved there."""

    def __init__(self, container, length):
        self.container = container
        self.path = container.cgroup
        self.folders = [os.open(container.directory, os.O_PATH)]
        self.names = []
        self.pids = container.pids()
        try:
            while len(self.path) < length:
                left = length - len(self.path) - 1
                # What is left after this must have room for a slash and a name.
                name = "x" * (left if left <= 200 else min(200, left - 2))
                os.mkdir(name, dir_fd=self.folders[-1])
                self.names.append(name)
                self.folders.append(os.open(name, os.O_PATH, dir_fd=self.folders[-1]))
                self.path += "/" + name
            self.move(self.folders[-1])
        except BaseException:
            self.remove()
            raise

    def move(self, folder):
        for pid in self.pids:
            procs = os.open("cgroup.procs", os.O_WRONLY, dir_fd=folder)
            os.write(procs, str(pid).encode())
            os.close(procs)

    def remove(self):
        self.move(self.folders[0])
        while self.names:
            os.close(self.folders.pop())
            os.rmdir(self.names.pop(), dir_fd=self.folders[-1])
        os.close(self.folders.pop())


# 4,095 bytes is what the kernel tells in /proc/PID/cgroup; of longer ones it tells nothing.
@pytest.fixture(params=[4095, 9000])
def deep(request, start):
    container = start("deep", "chatter", 2, 200)
    nested = Nested(container, request.param)
    assert len(nested.path) == request.param
    container.cgroup = nested.path
    container.pids = lambda: nested.pids  # their files have no path that can be opened
    yield container
    nested.remove()


def test_the_container_has_its_name(deep):
    listed = [record for record in parse(run("containers", "-o", "json").out)
              if record["name"] == "deep"]
    assert [record["cgroup"] for record in listed] == [deep.cgroup]
    assert listed[0]["processes"] == len(deep.pids())
    assert "deep" in run("containers").out.decode()


@pytest.mark.parametrize("option", ["-c", "--cgroup"])
def test_it_is_measured(deep, start, option):
    neighbour = start("neighbour", "chatter", 2, 200)
    measured = measure([deep, neighbour], option, "deep" if option == "-c" else deep.cgroup,
                       "--by", "container,cgroup")
    rows = measured.result.histograms("total")
    assert [row["key"]["container"] for row in rows] == ["deep"]
    assert rows[0]["key"]["cgroup"] == deep.cgroup
    measured.check(rows[0]["count"], measured.switches[0].total)


def test_a_report_shows_its_end(deep):
    text = run("runqlat", "--by", "cgroup", "-d", 0.3, "--view", "table").out.decode()
    assert max(len(line) for line in text.splitlines()) <= 132


def test_its_last_part_must_be_there(deep):
    result = run("runqlat", "--cgroup", deep.cgroup + "x", "-d", 0.3, status=2)
    assert result.sentence
