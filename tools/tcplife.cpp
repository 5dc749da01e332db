// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(tcplife);

namespace {

const tally::Registration registered{{
    .name = "tcplife",
    .object = TALLY_OBJECT(tcplife),
    .description =
        "Tells of each TCP connection that was established, when it has ended: whose it was, "
        "who opened it, how long it stood, how much went over it, and how it ended.",
    .examples =
        {
            {"tally tcplife", "every container, until Ctrl-C"},
            {"tally tcplife -c web --local-port 443", "who was served by a container"},
            {"tally tcplife --remote-port 5432 --json | jq -r '[.container, .duration_ns] | @tsv'",
             "how long connections to a database stand, by container"},
            {"tally tcplife --json | jq -c 'select(.error)'", "those that did not end well"},
            {"tally tcplife -- curl http://example.com", "the connections of a command"},
        },
}};

}  // namespace
