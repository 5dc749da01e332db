# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""containerd, with its own client and as kubelet uses it."""

from pathlib import Path

import cri
import image
import support
from runtime import Container, Runtime, call

SOCKET = "/run/containerd/containerd.sock"

# Debian's, but for the image of the pods' first containers. Their lower oom_score_adj would need a
# capability that not every machine gives to root.
CONFIG = f"""
version = 2
disabled_plugins = ["io.containerd.internal.v1.opt"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image.NAME}"
  restrict_oom_score_adj = true
"""


class Containerd(Runtime):
    """What ctr and CRI have in common."""

    reported = "containerd"
    name_space = ""  # of containerd's
    programs = ("containerd", "ctr", "runc")
    packages = ("containerd", "runc")

    def up(self):
        config = Path("/run/containerd.toml")
        config.write_text(CONFIG)
        self.launch("containerd", "--config", str(config), is_up=["ctr", "version"])
        self.ctr("image", "import", image.archive())

    def ctr(self, *arguments):
        return call("ctr", "--namespace", self.name_space, *arguments)

    def pid_of(self, identity):
        tasks = (line.split() for line in self.ctr("task", "list").splitlines())
        return int(next(pid for task, pid, _ in tasks if task == identity))


class Ctr(Containerd):
    """Containers by ctr: the id is the name."""

    title = "ctr"
    name_space = "default"
    parents = ("default",)

    def start(self, name, *command):
        self.ctr("run", "--detach", image.NAME, name, *command)
        return Container(name, command, self.pid_of(name), name)

    def remove(self, container):
        self.ctr("task", "kill", "--signal", "KILL", container.name)
        support.eventually(
            lambda: f"{container.name} {container.pid} STOPPED".split()
            in [line.split() for line in self.ctr("task", "list").splitlines()],
            f"{container.name} has ended",
        )
        self.ctr("task", "delete", container.name)
        self.ctr("container", "delete", container.name)

    def run(self, name, *command):
        self.ctr("run", "--rm", image.NAME, name, *command)


class Cri(Containerd):
    """Containers in pods, asked for as kubelet does. One pod for each name."""

    title = "cri"
    name_space = "k8s.io"
    programs = (*Containerd.programs, "/usr/lib/python3/dist-packages/grpc/__init__.py")
    packages = (*Containerd.packages, "python3-grpcio")

    def up(self):
        self.runtime = cri.RuntimeService(SOCKET)
        super().up()
        self.pods = {}
        self.parents = ["kubepods", "kubepods/burstable"]

    def down(self):
        self.runtime.close()
        super().down()

    def start(self, name, *command):
        pod = cri.Pod(f"{name}-0", "shop", f"11111111-2222-3333-4444-{len(self.pods):012}")
        self.parents.append(pod.cgroup.lstrip("/"))
        pod.sandbox = self.runtime.run_pod_sandbox(pod)
        self.pods[name] = pod
        return self.start_in(pod, name, command, 0)

    def start_in(self, pod, name, command, attempt):
        identity = self.runtime.create_container(pod, name, image.NAME, command, attempt)
        self.runtime.start_container(identity)
        made = Container(name, command, self.pid_of(identity), identity, pod.name, pod.namespace)
        made.attempt = attempt
        return made

    def restart(self, container):
        """As kubelet restarts what has failed: another container in the same pod."""
        self.runtime.remove_container(container.identity)
        return self.start_in(self.pods[container.name], container.name, container.command,
                             container.attempt + 1)

    def remove(self, container):
        self.runtime.remove_pod_sandbox(self.pods[container.name].sandbox)

    def run(self, name, *command):
        container = self.start(name, *command)
        support.eventually(lambda: not container.pids(), f"{name} has ended")
        self.remove(container)
