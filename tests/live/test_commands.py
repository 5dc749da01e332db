# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What tally does beside tracing."""

import re

import pytest
from runs import parse, run


@pytest.fixture
def two(start):
    return start("web", "chatter", 2, 1), start("batch", "spin", 0)


def test_containers_in_json(two):
    found = {record["name"]: record for record in parse(run("containers", "-o", "json").out)}
    for container in two:
        record = found[container.name]
        assert record["type"] == "container"
        assert record["runtime"] == "namespaces"
        assert record["cgroup"] == container.cgroup
        assert record["processes"] == len(container.pids())


def test_containers_in_text(two):
    lines = run("containers").out.decode().splitlines()
    for container in two:
        (line,) = [line for line in lines if line.split()[:1] == [container.name]]
        assert container.cgroup in line and "namespaces" in line
        assert str(len(container.pids())) in line.split()


def test_a_container_that_is_gone_is_not_listed(start):
    container = start("brief", "chatter", 1, 1)
    assert b"brief" in run("containers").out
    container.stop()
    assert b"brief" not in run("containers").out


def test_a_process_in_the_container_is_its_own(two):
    """`container exec` joins the cgroup as well."""
    web = two[0]
    assert web.exec("cat", "/proc/self/cgroup").splitlines()[-1] == b"0::/"
    assert web.exec("hostname") == b"web\n"


def test_list():
    lines = run("list").out.decode().splitlines()
    assert any(re.match(r"runqlat\s+\S", line) for line in lines)


@pytest.mark.parametrize("arguments", [("help", "runqlat"), ("runqlat", "--help")])
def test_help(arguments):
    text = run(*arguments).out.decode()
    for option in ("--container", "--cgroup", "--pid", "--tid", "--comm", "--by", "--output",
                   "--json", "--output-file", "--duration", "--view", "--top", "--min-count",
                   "--max-keys", "--strict", "--ready-fd", "--hierarchy", "--min-us"):
        assert option in text


def test_version():
    assert re.fullmatch(r"tally \d+\.\d+\.\d+\S*\n", run("--version").out.decode())
