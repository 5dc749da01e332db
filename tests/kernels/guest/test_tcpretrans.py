# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
"""tcpretrans by what the kernel itself drops: a SYN for a server whose queue is full."""

import socket
from pathlib import Path

from runs import Run
from support import eventually


def sent_again():
    """What the kernel counts."""
    lines = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines()]
    names, values = [line for line in lines if line[0] == "Tcp:"]
    return int(values[names.index("RetransSegs")])


def test_a_syn_that_is_not_answered():
    with socket.create_server(("127.0.0.1", 7001), backlog=0) as server:
        running = Run("tcpretrans", "--json")
        before = sent_again()
        with socket.create_connection(server.getsockname()), socket.socket() as third:
            third.setblocking(False)
            third.connect_ex(server.getsockname())
            port = third.getsockname()[1]
            eventually(lambda: sent_again() > before, "a SYN that is sent again")
            third.close()  # no more of them
            result = running.end()
            count = sent_again() - before
    assert result.lost == {}
    assert count > 0 and sum(event["segments"] for event in result.events()) == count
    assert {(event["local_port"], event["state"], event["cause"]) for event in result.events()} == {
        (port, "syn_sent", "timeout")}
