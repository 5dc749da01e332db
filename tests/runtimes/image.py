# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""The image of all containers: busybox, and the workloads of the live tests. Made here, since there
may be no network."""

import functools
import hashlib
import io
import json
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path

from support import WORKLOADS

NAME = "localhost/tally-test:1"

# Runs a workload with a fifo as its standard input. Runtimes treat that of a container in ways of
# their own, but every one makes a /dev; see Container.go().
WAITING = """#!/bin/sh
mkfifo /dev/go && exec "$@" <>/dev/go
"""

# Without it systemd-nspawn takes this for no operating system.
OS_RELEASE = "ID=tally-test\n"


@functools.cache
def root():
    """A directory with the root file system; of this run of the tests, see `own-files`."""
    made = Path("/run/tally-image/root")
    for folder in ("bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "usr", "var"):
        (made / folder).mkdir(parents=True)
    busybox = made / "bin" / "busybox"
    shutil.copy(shutil.which("busybox"), busybox)
    for applet in subprocess.check_output([busybox, "--list"], text=True).split():
        link = made / "bin" / applet
        if not link.exists():
            link.symlink_to("busybox")
    for workload in WORKLOADS.glob("workload_*"):
        if workload.is_file():
            shutil.copy(workload, made / "bin")
    waiting = made / "bin" / "waiting"
    waiting.write_text(WAITING)
    waiting.chmod(0o755)
    (made / "etc" / "os-release").write_text(OS_RELEASE)
    return made


def is_root(folder):
    """Whether this is the root of a container of this image."""
    return (folder / "etc" / "os-release").read_text() == OS_RELEASE


@functools.cache
def archive():
    """The same as a file that docker, podman and containerd can load."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(root(), arcname=".")
    layer = layer.getvalue()
    layer_digest = hashlib.sha256(layer).hexdigest()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    config = json.dumps({
        "architecture": machine,
        "os": "linux",
        "config": {"Cmd": ["/bin/sleep", "1000000"], "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
    }).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    layer_name = f"{layer_digest}/layer.tar"
    manifest = [{"Config": config_name, "RepoTags": [NAME], "Layers": [layer_name]}]
    made = root().parent / "image.tar"
    with tarfile.open(made, "w") as tar:
        for name, content in ((config_name, config), (layer_name, layer),
                              ("manifest.json", json.dumps(manifest).encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return made
