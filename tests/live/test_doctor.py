# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What `tally doctor` finds: on this machine, and on ones that lack something."""

import pytest
from support import TALLY, hierarchy, parse, run

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def doctor(*program, status=0):
    """Checks of this machine and checks of the tools, each by name."""
    records = parse(run("doctor", "--json", program=(*program, TALLY), status=status).out)
    assert all(record["type"] == "check" for record in records)
    kinds = ({}, {})
    for record in records:
        kinds[record["kind"] == "tool"][record["name"]] = record
    return kinds


def tool_names():
    return {line.split()[0] for line in run("list").out.decode().splitlines()[1:]}


@pytest.fixture(scope="module")
def cannot_run():
    """Why tools cannot run on this kernel, by their names: what they say themselves."""
    sentences = {}
    for name in tool_names():
        result = run(name, "--probe-plan", status=None)
        if result.status != 0:
            sentences[name] = result.sentence
    return sentences


@pytest.fixture
def usual(cannot_run):
    """The exit status of doctor if nothing is wrong but what the kernel refuses."""
    return 1 if cannot_run else 0


def check_tools(tools, cannot_run):
    """Each tool runs, or says itself what doctor says of it."""
    assert tools.keys() == tool_names()
    for name, record in tools.items():
        if name in cannot_run:
            assert record["status"] == "fail"
            assert cannot_run[name] == (f"tally: {name} cannot run on this kernel: "
                                        f"{record['finding']}; {record['advice']}")
        else:
            assert record["status"] == "ok", record


def test_all_tools_run_that_can(cannot_run, usual):
    host, tools = doctor(status=usual)
    assert set(host) == {"kernel", "privileges", "btf", "lockdown", "memlock", "namespaces",
                         "cgroups"}
    assert not [record for record in host.values() if record["status"] == "fail"]
    check_tools(tools, cannot_run)


def test_text(usual):
    lines = run("doctor", status=usual).out.decode().splitlines()
    assert lines[0].split() == ["CHECK", "STATUS", "FOUND"]
    assert [line.split()[:2] for line in lines if line.startswith("runqlat ")] == [["runqlat", "ok"]]


def test_the_hierarchy_and_why(usual):
    (record,) = parse(run("doctor", "--json", "--hierarchy", "v2", status=usual).out)[6:7]
    assert record["name"] == "cgroups"
    assert record["finding"] == (
        f"cgroups are those of version 2 at {hierarchy()}: chosen by --hierarchy")
    assert "nonsense" in run("doctor", "--hierarchy", "nonsense", status=2).sentence


def check_not_tried(tools):
    assert tools.keys() == tool_names()
    for record in tools.values():
        assert (record["status"], record["finding"]) == ("fail", "not tried")


def test_without_root():
    """What can be said without is said."""
    host, tools = doctor(*NOBODY, status=1)
    assert host["privileges"]["status"] == "fail"
    assert host["privileges"]["finding"].startswith("uid 65534, no capability")
    assert "sudo" in host["privileges"]["advice"]
    assert {host[name]["status"] for name in ("kernel", "btf")} == {"ok"}
    # Somebody else's containers, in version 1 only, would be a warning.
    assert host["cgroups"]["status"] != "fail"
    assert host["cgroups"]["finding"].startswith("cgroups are those of ")
    check_not_tried(tools)


def test_with_two_capabilities_only(cannot_run, usual):
    """What the message asks for is enough."""
    two = "+bpf,+perfmon"
    host, tools = doctor(*NOBODY, f"--inh-caps={two}", f"--ambient-caps={two}", status=usual)
    assert host["privileges"]["status"] == "warn"
    assert host["privileges"]["finding"] == "uid 65534, CAP_BPF, CAP_PERFMON"
    check_tools(tools, cannot_run)


def test_root_without_capabilities():
    host, tools = doctor("setpriv", "--bounding-set=-sys_admin,-perfmon", status=1)
    assert host["privileges"]["status"] == "fail"
    assert "uid 0" in host["privileges"]["finding"]
    check_not_tried(tools)


def test_root_of_a_user_namespace():
    host, tools = doctor("unshare", "--user", "--map-root-user", status=1)
    assert host["privileges"]["status"] == "fail"
    assert "in a user namespace" in host["privileges"]["finding"]
    check_not_tried(tools)


def test_without_btf():
    """In a mount namespace of its own, so that nothing has to be undone."""
    hide = 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"'
    host, tools = doctor("unshare", "--mount", "sh", "-c", hide, "sh", status=1)
    assert host["btf"]["status"] == "fail"
    assert "CONFIG_DEBUG_INFO_BTF" in host["btf"]["advice"]
    check_not_tried(tools)


def test_without_cgroups(cannot_run, usual):
    """The tools run nevertheless: not all that they can do needs cgroups."""
    hide = 'umount -l -a -t cgroup,cgroup2 && exec "$@"'
    host, tools = doctor("unshare", "--mount", "sh", "-c", hide, "sh", status=usual)
    assert host["cgroups"]["status"] == "fail"
    assert "no cgroup hierarchy is mounted" in host["cgroups"]["finding"]
    check_tools(tools, cannot_run)


def test_a_tool_that_the_kernel_refuses(cannot_run):
    """Whether one runs is tried: here it gets no more descriptors for its maps."""
    host, tools = doctor("prlimit", "--nofile=8", status=1)
    assert host["privileges"]["status"] == "ok"
    for name, record in tools.items():
        assert record["status"] == "fail"
        if name in cannot_run:
            continue  # that it has no hooks was found before
        assert f"tally {name} -v" in record["advice"]
        assert "Too many open files" in record["finding"] or "-24" in record["finding"]


def test_low_memlock(usual):
    """Counts on old kernels only, and it is asked which this is."""
    host, _ = doctor("prlimit", "--memlock=65536", status=usual)
    assert host["memlock"]["status"] == "ok" and "64 KiB" in host["memlock"]["finding"]
    host, _ = doctor("prlimit", "--memlock=65536", *NOBODY, status=1)
    assert host["memlock"]["status"] == "warn" and "ulimit" in host["memlock"]["advice"]


@pytest.mark.parametrize("options,finding", [
    (("--cgroup",), "tally has its own cgroup namespace"),
    (("--pid", "--fork", "--mount-proc"), "tally has its own pid namespace"),
])
def test_namespaces_of_its_own(usual, options, finding):
    host, _ = doctor("unshare", *options, status=usual)
    assert host["namespaces"]["status"] == "warn"
    assert host["namespaces"]["finding"] == finding
