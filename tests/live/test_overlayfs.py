# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""What docs/overlayfs.md says holds on this kernel: the scripts of tests/overlayfs say so. (In guests,
tests/kernels/guest/test_overlayfs.py runs them, with ovlcopyup.)"""

import subprocess

import pytest
from support import REPOSITORY, SOON

FOLDER = REPOSITORY / "tests" / "overlayfs"
SCRIPTS = sorted(script.name for script in FOLDER.glob("*.sh") if script.name != "layers.sh")


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_holds(script):
    done = subprocess.run([FOLDER / script], capture_output=True, timeout=SOON, check=False)
    assert done.returncode == 0 and b"NOT SO" not in done.stdout, (done.stdout + done.stderr).decode()
    assert done.stdout.startswith(b"ok: ")


def test_the_page_has_them_all():
    page = (REPOSITORY / "docs" / "overlayfs.md").read_text()
    assert [script for script in SCRIPTS if f"tests/overlayfs/{script}" not in page] == []
