# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""The few calls of Kubernetes' Container Runtime Interface (runtime.v1, api.proto) that make a pod
with a container. Messages are written by hand: Debian has no compiled ones."""

import support


def number(value):
    """A variable-length integer."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(tag, value):
    """One field of a message: an int, a str, or the bytes of a message."""
    if isinstance(value, int):
        return number(tag << 3) + number(value)
    content = value.encode() if isinstance(value, str) else value
    return number(tag << 3 | 2) + number(len(content)) + content


def string_map(tag, entries):
    return b"".join(field(tag, field(1, key) + field(2, value)) for key, value in entries.items())


def first_string(message):
    """The string in field 1, where nothing else is in front of it; of less than 128 bytes."""
    assert message[0] == 1 << 3 | 2 and message[1] < 0x80, message
    return message[2:2 + message[1]].decode()


# NamespaceOption: the network of the host (NamespaceMode.NODE), which needs no plugin.
HOST_NETWORK = field(1, 2)


class Pod:
    def __init__(self, name, namespace, uid):
        self.name, self.namespace, self.uid = name, namespace, uid
        self.labels = {
            "io.kubernetes.pod.name": name,
            "io.kubernetes.pod.namespace": namespace,
            "io.kubernetes.pod.uid": uid,
        }
        self.cgroup = f"/kubepods/burstable/pod{uid}"
        self.sandbox = None

    def config(self):
        """PodSandboxConfig: metadata, labels, linux (cgroup_parent, security_context)."""
        metadata = field(1, self.name) + field(2, self.uid) + field(3, self.namespace)
        linux = field(1, self.cgroup) + field(2, field(1, HOST_NETWORK))
        return field(1, metadata) + string_map(6, self.labels) + field(8, linux)


class RuntimeService:
    def __init__(self, socket):
        # The tests of other runtimes do without it.
        import grpc  # pylint: disable=import-error,import-outside-toplevel

        self.channel = grpc.insecure_channel(f"unix://{socket}")

    def close(self):
        self.channel.close()

    def call(self, method, request):
        return self.channel.unary_unary(f"/runtime.v1.RuntimeService/{method}")(
            request, timeout=support.SOON
        )

    def run_pod_sandbox(self, pod):
        """The sandbox's id."""
        return first_string(self.call("RunPodSandbox", field(1, pod.config())))

    def create_container(self, pod, name, image, command, attempt):
        """The container's id."""
        metadata = field(1, name) + field(2, attempt)
        config = field(1, metadata) + field(2, field(1, image))
        config += b"".join(field(3, word) for word in command)
        config += string_map(9, {"io.kubernetes.container.name": name, **pod.labels})
        config += field(15, field(2, field(3, HOST_NETWORK)))
        request = field(1, pod.sandbox) + field(2, config) + field(3, pod.config())
        return first_string(self.call("CreateContainer", request))

    def start_container(self, identity):
        self.call("StartContainer", field(1, identity))

    def remove_container(self, identity):
        self.call("StopContainer", field(1, identity))
        self.call("RemoveContainer", field(1, identity))

    def remove_pod_sandbox(self, sandbox):
        """With all its containers."""
        self.call("StopPodSandbox", field(1, sandbox))
        self.call("RemovePodSandbox", field(1, sandbox))
