// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(tcpretrans);

namespace {

const tally::Registration registered{{
    .name = "tcpretrans",
    .object = TALLY_OBJECT(tcpretrans),
    .description =
        "Tells of each TCP segment that is sent once more because its acknowledgement has not "
        "come: of which container and connection, in which state, and what made the kernel do so.",
    .examples =
        {
            {"tally tcpretrans", "every container, until Ctrl-C"},
            {"tally tcpretrans -c web", "the losses of one container"},
            {"tally tcpretrans --remote-port 5432", "on the way to a database"},
            {"tally tcpretrans --json -d 60 | jq -r .remote_address | sort | uniq -c | sort -n",
             "which peers are badly reached"},
        },
}};

}  // namespace
