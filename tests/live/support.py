# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What the live tests have in common: where things are, how often and how long, waiting. What they share
about one subject is in a module of its own: cgroups, containers, processes, runs of tally, the kernel's
counters, terminals, numbers of BPF objects."""

import os
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TALLY = Path(os.environ.get("TALLY", REPOSITORY / "build" / "tally")).resolve()
WORKLOADS = Path(os.environ.get("TALLY_WORKLOADS", REPOSITORY / "build" / "tests")).resolve()
MAKER = REPOSITORY / "tests" / "containers" / "container"

# Below this cgroup, relative to the hierarchy's root, are all containers of this run of the tests.
PARENT = f"tally-live-{os.getpid()}"

CPUS = sorted(os.sched_getaffinity(0))

# An upper limit for whatever should be over in a moment, on a slow machine that is busy.
SOON = 90 if "TALLY_GUEST" in os.environ else 30


def argv(arguments):
    """Numbers and paths as words; bytes as they are."""
    return [word if isinstance(word, bytes) else str(word) for word in arguments]


def often(on_a_host, in_a_guest):
    """How often a workload does something. An emulated guest (tests/kernels) needs some twenty times as
    long for it."""
    return in_a_guest if "TALLY_GUEST" in os.environ else on_a_host


def in_all(usually, in_their_full_length):
    """How often, where more proves more but takes a minute: with TALLY_TESTS=all in full length."""
    return in_their_full_length if os.environ.get("TALLY_TESTS") == "all" else usually


def eventually(condition, what, within=SOON):
    """The first true value of condition(); fails if it takes too long."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.01)
