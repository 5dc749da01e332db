# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""All tests here run in guests, beside those of the live tests that are marked so, and have their
fixtures; and file systems."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent

pytest_plugins = ["every_test", "own_containers"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("guest")


def folder_on(kind, request):
    """A new folder on the file system of this kind, which has one for each guest."""
    mounted = subprocess.run([HERE / "mount-file-system", kind], check=False, stderr=subprocess.PIPE)
    if mounted.returncode == 3:
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
