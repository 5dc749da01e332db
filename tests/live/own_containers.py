# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""Fixtures for containers that are made from scratch."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
import cgroups
import containers
import support

pytest_plugins = ["beside"]


@pytest.fixture(scope="session")
def container_files():
    """Where the container maker keeps its files, in this run of the tests."""
    folder = tempfile.mkdtemp(prefix="tally-live-", dir="/run")
    os.environ["TALLY_CONTAINERS"] = folder
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start(container_files, claim_name):
    """start(NAME, WORKLOAD, ARGUMENT...) makes a container; all are stopped after the test."""
    with containers.starting() as start_one:

        def start_named(name, *arguments, **options):
            claim_name(name)
            return start_one(name, *arguments, **options)

        yield start_named
    # The maker removes the cgroup above them with the last one.
    assert not (cgroups.hierarchy() / support.PARENT).exists()
    assert container_files not in Path("/proc/self/mounts").read_text()
    assert os.listdir(container_files) in ([], ["image"])
