# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Containers in pods: who is in which, and that a pod's numbers are those of its containers."""

import contextlib

import pytest
from podman import Podman
from runtime import workload
from counters import Measured, Switches, settle
from runs import Run

PODS = ("front", "back")
ROUNDS = 211


@pytest.fixture
def pods(runtime):
    with contextlib.ExitStack() as ends:
        for pod in PODS:
            runtime.make_pod(pod)
            ends.callback(runtime.remove_pod, pod)
        yield PODS


@pytest.mark.only_for(lambda runtime: runtime is Podman)
def test_ten_containers_in_two_pods(pods, containers):
    """A run groups in one way, so three run at once: by container, by pod, and by both. All threads
    sleep when the first begins and when the last ends. So whatever happens, happens while all three
    look, and each event runs the programs of all of them: their counts are equal, exactly."""
    members = [containers.start(f"{pod}-{number}", *workload("chatter", 1, ROUNDS), pod=pod)
               for pod in pods for number in range(5)]
    before = settle(members)
    unseen = Switches([1])
    running = [Run("runqlat", "--json", "-c", "front", "-c", "back", "--by", by)
               for by in ("container", "pod", "container,pod")]
    for member in members:
        member.go()
    switches = [now.since(past) for now, past in zip(settle(members), before)]
    results = [each.end() for each in running]
    assert [result.status for result in results] == [0, 0, 0]
    missing = Switches([1]).total - unseen.total

    by_container, by_pod, by_both = results
    assert len(by_container.histograms("total")) == len(by_both.histograms("total")) == 10
    assert len(by_pod.histograms("total")) == 2
    for member, its in zip(members, switches):
        total = by_container.total(container=member.name, pod=member.pod, runtime="podman")
        assert its.total > 2 * ROUNDS
        Measured(by_container, [its], missing).check(total["count"], its.total)
        assert by_both.total(container=member.name, pod=member.pod)["count"] == total["count"]
    for pod in pods:
        inside = by_container.histograms("total", pod=pod)
        assert len(inside) == 5
        assert by_pod.total(pod=pod)["count"] == sum(record["count"] for record in inside)
