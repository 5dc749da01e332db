# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""tally in a cgroup namespace of its own, as in a container: the hierarchy that is mounted there begins
at its own cgroup, and the host's is not mounted."""

import pytest
from cgroups import hierarchy
from counters import Switches, settle
from runs import Run, run
from support import PARENT, TALLY

# Enters the cgroup, then its own namespaces, and mounts what a runtime would.
INSIDE = """
echo 0 >"$1/cgroup.procs" && shift && exec unshare --mount --cgroup $NAMESPACES sh -c '
    umount -R -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh "$@"
"""


@pytest.fixture
def inside():
    """inside(NAMESPACE...): how to start tally in a cgroup and a cgroup namespace of its own."""
    cgroup = hierarchy() / f"{PARENT}-inside"
    cgroup.mkdir()

    def program(*namespaces):
        script = INSIDE.replace("$NAMESPACES", " ".join(namespaces))
        return {"program": ("sh", "-c", script, "sh", cgroup, TALLY)}

    yield program
    cgroup.rmdir()


def test_with_the_hosts_pid_namespace(start, inside):
    """All is as on the host: the containers are those of the host, and their counts are right."""
    web, other = start("web", "chatter", 2, 500), start("other", "chatter", 2, 500)
    listed = run("containers", "--json", **inside()).out.decode()
    assert '"name":"web"' in listed and f'"cgroup":"{web.cgroup}"' in listed
    before = settle([web, other])[0]
    unseen = Switches([1])
    running = Run("runqlat", "--json", "-c", "web", **inside())
    other.go()
    web.go()
    expected = settle([web, other])[0].since(before).total
    missing = Switches([1]).total - unseen.total
    result = running.end()
    assert result.status == 0, result.err.decode()
    assert [row["key"]["container"] for row in result.histograms("total")] == ["web"]
    assert expected - 2 - missing <= result.total()["count"] <= expected + 2


def test_without_it(inside):
    """One sentence that says what is missing."""
    options = inside("--pid", "--fork", "--mount-proc")
    assert "--pid=host" in run("runqlat", "-d", 0.1, status=1, **options).sentence
    assert "--pid=host" in run("containers", status=1, **options).sentence
    run("runqlat", "--by", "comm", "-d", 0.1, **options)
