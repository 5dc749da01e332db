// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(tcplife);

namespace {

const tally::Registration registered{{
    .name = "tcplife",
    .object = TALLY_OBJECT(tcplife),
    .description = "Prints each established TCP connection when it ends: the container, which "
                   "side opened it, its lifetime, the bytes sent and received, and how it ended.",
    .examples =
        {
            {"tally tcplife", "every container, until Ctrl-C"},
            {"tally tcplife -c web --local-port 443", "the clients of a container"},
            {"tally tcplife --remote-port 5432 --json | jq -r '[.container, .duration_ns] | @tsv'",
             "lifetimes of connections to a database, by container"},
            {"tally tcplife --json | jq -c 'select(.error)'",
             "connections that ended with an error"},
            {"tally tcplife -- curl http://example.com", "the connections of a command"},
        },
}};

}  // namespace
