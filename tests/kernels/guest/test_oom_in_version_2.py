# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""oomsnoop where memory is limited in the version 2 hierarchy, in which the containers are."""

from cgroups import hierarchy
from runs import Run
from support import PARENT

MOST = 24 << 20
HOLDS, TOUCHES = 18, 9  # megabytes: together too much, and the first is the larger


def test_the_victim_is_charged_and_not_who_wants_memory(start):
    root = hierarchy()
    (root / "cgroup.subtree_control").write_text("+memory")
    left = start("left", "hog", "hold", HOLDS)
    right = start("right", "hog", "touch", TOUCHES)
    (root / PARENT / "memory.max").write_text(str(MOST))
    running = Run("oomsnoop", "--json", "--cgroup", PARENT)
    left.go()
    assert left.line() == "used\n"
    right.go()
    answer = right.line()
    number, ended_by = left.line().split()
    result = running.end()
    assert result.lost == {} and ended_by == "9"
    event, *others = result.events()
    # Where the victim is gone, but its memory not quite, the kernel chooses another (test_oomsnoop).
    assert [(each["container"], f"{each['container_pid']} 9\n") for each in others] == (
        [] if answer == "used\n" else [("right", answer)])
    assert (event["container"], event["container_pid"]) == ("left", int(number))
    assert (event["memory_cgroup"], event["memory_limit"]) == (f"/{PARENT}", MOST)
    assert event["anonymous_memory"] >= HOLDS << 20
    assert event["trigger_comm"] == "workload_hog" and event["trigger_pid"] != event["pid"]
