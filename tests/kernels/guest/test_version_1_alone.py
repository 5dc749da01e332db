# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""A machine whose cgroups are all of version 1."""

import pytest
from cgroups import Version1
from containers import starting
from counters import measure
from runs import parse, run

pytestmark = pytest.mark.guest(cgroups="v1")


@pytest.fixture
def two(version_1_alone, container_files):
    with starting() as start:
        yield [start(name, "chatter", 4, 101, version_1=Version1("pids")) for name in ("asked", "neighbour")]


def test_containers_are_found_and_measured(two):
    """Without an option: there is no other hierarchy that could be meant."""
    listed = {each["name"]: each["cgroup"] for each in parse(run("containers", "--json").out)}
    measured = measure(two)
    for container, expected in zip(two, measured.expected):
        assert listed[container.name] == container.cgroup
        assert expected > 2 * 4 * 101
        measured.check(measured.result.total(container=container.name)["count"], expected)


def test_only_the_container_asked_for(two):
    measured = measure(two, "-c", "asked")
    measured.check(measured.result.total(container="asked")["count"], measured.expected[0])
    assert len(measured.result.histograms("total")) == 1
