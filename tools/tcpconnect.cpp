// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(tcpconnect);

namespace {

const tally::Registration registered{{
    .name = "tcpconnect",
    .object = TALLY_OBJECT(tcpconnect),
    .description =
        "Prints each TCP connection that a thread opens with connect(), when it is established or "
        "has failed: the container, both addresses, the duration, and the error.",
    .examples =
        {
            {"tally tcpconnect", "every container, until Ctrl-C"},
            {"tally tcpconnect -c web --errors-only",
             "peers that a container cannot reach, and why"},
            {"tally tcpconnect --remote-port 5432 --min-us 1000",
             "connections to a database that took longer than a millisecond"},
            {"tally tcpconnect -d 60 -o csv >connects.csv", "one minute, for a spreadsheet"},
            {"tally tcpconnect -- curl http://example.com", "connections of a command"},
        },
}};

}  // namespace
