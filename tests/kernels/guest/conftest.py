# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""All tests here run in guests, beside those of the live tests that are marked so, and have their
fixtures; and file systems."""

import contextlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent

pytest_plugins = ["every_test", "own_containers"]


CGROUPS = os.environ["TALLY_GUEST"]


def version(text):
    return tuple(int(part) for part in text.split(".")[:2])


KERNEL = version(platform.release())

# Of a run of all guests: which tests are for this one, tests/kernels/kernels.py.
SHARE = Path("/guest/share")


def is_for_this_guest(item):
    """By its marker; a test here without one is for all guests with version 2 and all tools."""
    marker = item.get_closest_marker("guest")
    if marker is None:
        return False
    wanted = {"since": "6.1", "before": "999.0", "cgroups": "v2", **marker.kwargs}
    return (version(wanted["since"]) <= KERNEL < version(wanted["before"])
            and wanted["cgroups"] in (CGROUPS, "any"))


def shared(items):
    """Those that are for every guest, and of the others our share: each is run in one of the guests."""
    share = tuple(map(int, SHARE.read_text().split()))
    kept, others = [], 0
    for item in items:
        marker = item.get_closest_marker("guest")
        if marker.kwargs.get("everywhere", False):
            kept.append(item)
            continue
        if share and others % share[1] == share[0]:
            kept.append(item)
        others += 1
    return kept


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """With `-m guest`, only those that are for this guest stay. What wants version 1 alone comes first."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("guest") is None:
            item.add_marker("guest")
    if config.option.markexpr == "guest":
        kept = [item for item in items if is_for_this_guest(item)]
        if SHARE.exists() and KERNEL >= (6, 1) and CGROUPS == "v2":
            kept = shared(kept)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    items.sort(key=lambda item: "version_1_alone" not in item.fixturenames)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """All other tests need a version 2 hierarchy, beside those of version 1."""
    unified = Path("/sys/fs/cgroup/unified")
    if CGROUPS == "v1" and "version_1_alone" not in item.fixturenames and not unified.exists():
        unified.mkdir()
        subprocess.run(["mount", "-t", "cgroup2", "cgroup2", unified], check=True)


@pytest.fixture
def version_1_alone():
    """No hierarchy of version 2 is mounted yet, nor has one ever been."""
    if "cgroup2" in Path("/proc/mounts").read_text():
        pytest.skip("a version 2 hierarchy is mounted")


def folder_on(kind, request):
    """A new folder on the file system of this kind, which has one for each guest."""
    mounted = subprocess.run([HERE / "mount-file-system", kind], check=False, stderr=subprocess.PIPE)
    if mounted.returncode == 3 and kind in ("btrfs", "nfs"):
        pytest.skip(f"this kernel has no {kind}")
    assert mounted.returncode == 0, mounted.stderr.decode()
    folder = Path("/mnt", kind, request.node.name)
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ext4(request):
    yield from folder_on("ext4", request)


@pytest.fixture
def xfs(request):
    yield from folder_on("xfs", request)


@pytest.fixture
def btrfs(request):
    yield from folder_on("btrfs", request)


@pytest.fixture
def nfs(request):
    yield from folder_on("nfs", request)


@pytest.fixture
def overlay():
    """overlay(FOLDER) makes `lower`, `upper`, `work` and `merged` in it and mounts an overlay of them at
    `merged`, which it returns. Files may be in `lower` before. Unmounted after the test; containers of
    `container run` see it, as they see all files of the host."""
    with contextlib.ExitStack() as mounts:

        def mount(folder):
            for name in ("lower", "upper", "work", "merged"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            layers = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
            merged = folder / "merged"
            subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", merged], check=True)
            mounts.callback(subprocess.run, ["umount", merged], check=True)
            return merged

        yield mount
