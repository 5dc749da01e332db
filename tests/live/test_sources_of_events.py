# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""All sources of events in one object count what each counts alone in its own."""

import select
import subprocess
import sys
from types import SimpleNamespace

import pytest
from counters import Switches, settle
from processes import launch
from runs import Run, check_count, run
from support import SOON, TALLY, WORKLOADS

OBJECTS = WORKLOADS / "objects"

# Primes, so that no sum of some of them is another. Calls are many more than all that process 1 may hide.
CALLS, CONNECTS, NAPS, OPENS, READS, LIVES = 10_007, 101, 53, 29, 211, 307

THE_OBJECTS = "the objects of tests/objects/object_state.h"  # all processes' have the same numbers
OPERATIONS = 20  # of file systems, each of which may be missing

# Sleeps in a read before and after. The first one began before the start (before_attach), the other has not
# returned at the end: neither is counted.
WORKLOAD = f"""
import ctypes, os, socket, sys, time
file = sys.argv[1]
open(file, "w").write("some text")
print("ready", flush=True)
sys.stdin.readline()
for _ in range({CALLS}):
    os.getppid()
with socket.create_server(("127.0.0.1", 0)) as listener:
    for _ in range({CONNECTS}):
        with socket.create_connection(listener.getsockname()):
            listener.accept()[0].close()
for _ in range({NAPS}):
    time.sleep(0.001)
for _ in range({OPENS}):
    descriptor = os.open(file, os.O_RDONLY)
    os.close(descriptor)
descriptor = os.open(file, os.O_RDONLY)
for _ in range({READS}):
    os.pread(descriptor, 4, 0)
os.close(descriptor)
call = ctypes.CDLL(None).syscall
for each in range({LIVES}):  # tests/objects/object_state.h
    call(121, 0x10000000 + each)
    call(124, 0x10000000 + each, 0)
print("done", flush=True)
sys.stdin.readline()
"""


def counted(result):
    """By the name of what is measured: the sums of all rows."""
    sums = {}
    for record in result.records:
        if record["type"] == "histogram" and record["scope"] == "total":
            values = {"count": record["count"]}
        elif record["type"] == "counts" and record["scope"] == "total":
            values = record["values"]
        else:
            continue
        of_name = sums.setdefault(record["name"], {})
        for name, value in values.items():
            of_name[name] = of_name.get(name, 0) + value
    return sums


def line_of(process):
    """The next line that the workload writes."""
    readable, _, _ = select.select([process.stdout], [], [], 2 * SOON)
    assert readable, "the workload does not finish"
    return process.stdout.readline()


def count_by(objects, file):
    """The results of the objects about the same process at the same time, by object; how often the process was
    given a CPU, and how often process 1 may have hidden that."""
    inside = "ip link set lo up && exec \"$0\" \"$@\""
    process = launch(("unshare", "--net", "sh", "-c", inside, sys.executable, "-c", WORKLOAD, file),
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert line_of(process) == b"ready\n"
    workload = SimpleNamespace(pids=lambda: [process.pid])
    (before,) = settle([workload])
    unseen = Switches([1])
    running = {name: Run(OBJECTS / f"{name}.bpf.o", "--json", "-p", process.pid, program=(TALLY, "run"))
               for name in objects}
    process.stdin.write(b"\n")
    process.stdin.flush()
    assert line_of(process) == b"done\n"
    (after,) = settle([workload])  # or one run ends before the last events, and others after
    results = {name: each.end() for name, each in running.items()}
    process.stdin.close()
    process.wait(SOON)
    hidden = Switches([1]).total - unseen.total + 1  # and it may have the CPU now
    for result in results.values():
        assert result.status == 0, result.err.decode()
        assert result.lost.keys() <= {"missed_run", "unmatched_begin", "unmatched_end"}, result.end
        # Only what the kernel left programs out for, or process 1 has hidden, has no partner. During one turn of
        # process 1, packets may close any number of the connections.
        lost = result.end["lost"]
        most = 2 * (lost["missed_run"] + hidden) + CONNECTS
        assert lost["unmatched_begin"] + lost["unmatched_end"] <= most, (lost, hidden)
    return results, after.since(before).total, hidden


def check(results, switches, hidden, sources):
    """The object of all sources has the counts of the others, but for what it or they have lost; and those that
    are known."""
    counts = {name: counted(result) for name, result in results.items()}
    lost = {name: sum(result.lost.values()) for name, result in results.items()}
    everything = counts["all_sources"]
    for name, source in sources.items():
        assert counts[name].keys() == {source}
        assert counts[name][source].keys() == everything[source].keys()
        for value, count in counts[name][source].items():
            difference = abs(count - everything[source][value])
            assert difference <= lost[name] + lost["all_sources"], (counts, lost)
    waits = everything["waits"]["count"]
    assert switches - 2 - lost["all_sources"] - hidden <= waits <= switches + 2, (switches, counts, lost, hidden)
    # In these the workload itself is the current thread.
    missed = results["all_sources"].end["lost"]["missed_run"]
    assert CALLS - missed <= everything["calls"]["calls"], (counts, lost)
    check_count(everything["connects"]["opened"], CONNECTS, results["all_sources"])
    check_count(everything["lives"]["count"], LIVES, results["all_sources"])
    return everything


SOURCES = {"only_run_queue": "waits", "only_system_calls": "calls", "only_sockets": "connects",
           "only_objects": "lives"}


@pytest.mark.guest(since="5.10")
def test_each_counts_what_it_counts_alone(tmp_path, claim_name):
    """Also where operations of file systems cannot be probed, which is said."""
    claim_name(THE_OBJECTS)
    results, *truth = count_by(("all_sources", *SOURCES), tmp_path / "file")
    everything = check(results, *truth, SOURCES)
    if run("fsdist", "--probe-plan", status=None).status != 0:
        assert results["all_sources"].err.count(b"all_sources runs without ") == OPERATIONS
    assert everything.keys() - {"operations"} == set(SOURCES.values())
