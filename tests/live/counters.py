# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What the kernel itself counts, and runs of tally that are held against it.

Truth is what the kernel counts for each thread: a thread that is given a CPU is taken off it again,
so between two moments at which it sleeps it was given one exactly as often as its voluntary and
involuntary context switches have grown. Each of these is one wait in the run queue.

On some virtual machines (Firecracker guests whose process 1 belongs to the machine) BPF programs do
not run while a thread of process 1 is the current one, so that nobody can see what it does or that
it hands the CPU over. How often that may have happened is counted with the truth, as `unseen`; on
other machines process 1 hardly ever runs.
"""

import time
from pathlib import Path

from runs import Run
from support import eventually


def status_of(task):
    """/proc/PID/task/TID/status as a dictionary; none if the thread has ended."""
    try:
        lines = (task / "status").read_bytes().split(b"\n")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return dict(line.split(b":\t", 1) for line in lines if b":\t" in line)


class Switches(dict):
    """Context switches by (pid, tid), as the host numbers them."""

    asleep = True  # all of these threads slept when they were read

    def __init__(self, pids):
        super().__init__()
        for pid in pids:
            tasks = Path(f"/proc/{pid}/task")
            for task in tasks.iterdir() if tasks.exists() else ():
                status = status_of(task)
                if status is None:
                    continue
                self[pid, int(task.name)] = int(status[b"voluntary_ctxt_switches"]) + int(
                    status[b"nonvoluntary_ctxt_switches"]
                )
                self.asleep = self.asleep and status[b"State"][:1] == b"S"

    def since(self, before):
        """What came on top of `before`, which must be of the same threads."""
        assert self.keys() == before.keys(), "threads have come or gone"
        grown = Switches(())
        grown.update((key, count - before[key]) for key, count in self.items())
        return grown

    @property
    def total(self):
        return sum(self.values())


def settle(containers):
    """Waits until every thread of all these containers sleeps, and has for a while; its counters
    then say everything. A list of Switches, one for each container."""
    past = []

    def asleep():
        now = [Switches(container.pids()) for container in containers]
        same, past[:] = now == past, now
        if not same:
            time.sleep(0.05)
        return same and all(each.asleep and each for each in now)

    eventually(asleep, "all threads of the containers asleep")
    return past


class Measured:
    """What tally says about a workload, and what is true."""

    def __init__(self, result, switches, unseen):
        self.result = result
        self.switches = switches  # one for each container
        self.expected = [each.total for each in switches]
        self.unseen = unseen

    @property
    def missing(self):
        """How many waits nobody could see: one whose beginning and end are both unseen leaves no trace,
        so at most one for each switch of process 1; of the others tally says how many there are."""
        lost = self.result.end["lost"]
        return self.unseen + lost["unmatched_begin"] + lost["unmatched_end"]

    def check(self, count, expected, most=None):
        """count is `expected` (or from that to `most`), within 2, but for what nobody could see."""
        most = expected if most is None else most
        assert expected - 2 - self.missing <= count <= most + 2, (
            f"counted {count}, expected {expected} to {most}, perhaps unseen {self.unseen}, {self.result.end}"
        )


def measure(containers, *arguments, go=None, finish=lambda: None, statuses=(0,), tool="runqlat"):
    """Runs tally around a workload that comes to an end: everything in `containers` sleeps before
    and after. Sets the containers in `go` going (all if not given); finish() waits for more than
    that they sleep again. The run ends with one of `statuses`."""
    before = settle(containers)
    unseen = Switches([1])
    running = Run(tool, "--json", *arguments)
    for container in containers if go is None else go:
        container.go()
    finish()
    after = settle(containers)
    result = running.end()
    assert result.status in statuses, result.err.decode()
    switches = [now.since(past) for now, past in zip(after, before)]
    return Measured(result, switches, Switches([1]).total - unseen.total)


def keep_going(container, times=100):
    """Waits until a container that never comes to rest has been given a CPU so often."""
    before = Switches(container.pids())
    eventually(lambda: Switches(container.pids()).since(before).total >= times, "waits for a CPU")


def run_beside(container, *arguments, **options):
    """A tally that runs until that container has waited for a CPU often."""
    running = Run(*arguments, **options)
    keep_going(container)
    result = running.end()
    assert result.status == 0, result.err.decode()
    return result
