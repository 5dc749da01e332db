# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""podman as root. It has no daemon; each container has a monitor outside of it."""

import os
from pathlib import Path

import image
import support
from leftovers import mounts, processes
from runtime import Container, Runtime, call

STORAGE = "/var/lib/containers/storage/overlay"

# Limits above our own need a capability that not every machine gives to root. crun, which some
# installations have beside runc, refuses hierarchies of both versions side by side.
CONFIG = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=10000:10000"]
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""


class Podman(Runtime):
    title = reported = "podman"
    programs = ("podman", "runc", "catatonit")
    packages = ("podman", "runc", "catatonit")
    can_rename = True

    def up(self):
        self.parents = ["libpod_parent", "libpod_parent/conmon"]
        config = Path("/run/containers.conf")
        config.write_text(CONFIG)
        self.environment = {**os.environ, "CONTAINERS_CONF": str(config)}
        self.podman("load", "--quiet", "--input", image.archive())

    def down(self):
        # Each monitor starts one more podman when its container has ended.
        support.eventually(lambda: not any("podman" in each for each in processes()),
                           "podman has cleaned up")
        # It mounts its storage on itself, and some of its commands leave that so.
        if STORAGE in mounts():
            call("umount", STORAGE)

    def podman(self, *arguments):
        return call("podman", *arguments, env=self.environment)

    def container(self, name, command, pod=None):
        pid, identity = self.podman("inspect", "--format", "{{.State.Pid}} {{.Id}}", name).split()
        return Container(name, command, int(pid), identity, pod)

    def start(self, name, *command, pod=None):
        inside = ("--pod", pod) if pod else ()
        self.podman("run", "--detach", "--name", name, *inside, image.NAME, *command)
        return self.container(name, command, pod)

    def restart(self, container):
        self.podman("restart", "--time", "0", container.name)
        return self.container(container.name, container.command, container.pod)

    def remove(self, container):
        self.podman("rm", "--force", "--time", "0", container.name)

    def run(self, name, *command):
        self.podman("run", "--rm", "--name", name, image.NAME, *command)

    def rename(self, old, new):
        self.podman("rename", old, new)

    def make_pod(self, name):
        identity = self.podman("pod", "create", "--name", name)
        self.parents.append(f"libpod_parent/{identity}")

    def remove_pod(self, name):
        self.podman("pod", "rm", "--force", "--time", "0", name)
