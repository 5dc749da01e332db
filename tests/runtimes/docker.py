# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""docker as Debian sets it up: dockerd, and the containerd of the system below it."""

import containerd
import image
from runtime import Container, call


class Docker(containerd.Containerd):
    title = reported = "docker"
    programs = ("dockerd", "/usr/bin/docker", *containerd.Containerd.programs)
    # A pattern, since the name is that of a host as well.
    packages = ("^docker[.]io$",)
    parents = ("docker",)
    name_space = "moby"
    can_rename = True

    def up(self):
        super().up()
        self.launch("dockerd", f"--containerd={containerd.SOCKET}", is_up=["docker", "version"])
        self.docker("load", "--quiet", "--input", image.archive())

    def docker(self, *arguments):
        return call("docker", *arguments)

    def container(self, name, command):
        pid, identity = self.docker("inspect", "--format", "{{.State.Pid}} {{.Id}}", name).split()
        return Container(name, command, int(pid), identity)

    def start(self, name, *command):
        self.docker("run", "--detach", "--name", name, image.NAME, *command)
        return self.container(name, command)

    def restart(self, container):
        self.docker("restart", "--time", "0", container.name)
        return self.container(container.name, container.command)

    def remove(self, container):
        self.docker("rm", "--force", container.name)

    def run(self, name, *command):
        self.docker("run", "--rm", "--name", name, image.NAME, *command)

    def rename(self, old, new):
        self.docker("rename", old, new)
