// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(tcpretrans);

namespace {

const tally::Registration registered{{
    .name = "tcpretrans",
    .object = TALLY_OBJECT(tcpretrans),
    .description = "Prints each TCP segment that is retransmitted because its acknowledgement has "
                   "not arrived: the container, the connection and its state, and the cause of the "
                   "retransmission.",
    .examples =
        {
            {"tally tcpretrans", "every container, until Ctrl-C"},
            {"tally tcpretrans -c web", "retransmissions of one container"},
            {"tally tcpretrans --remote-port 5432", "retransmissions to a database"},
            {"tally tcpretrans --json -d 60 | jq -r .remote_address | sort | uniq -c | sort -n",
             "the peers with the most retransmissions"},
        },
}};

}  // namespace
