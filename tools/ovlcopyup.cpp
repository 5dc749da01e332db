// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(ovlcopyup);

namespace {

const tally::Registration registered{{
    .name = "ovlcopyup",
    .object = TALLY_OBJECT(ovlcopyup),
    .description =
        "Containers' file systems are overlays: a file of the image is copied up, whole, before "
        "its first change, be it of one byte or of its owner. Measures each of these copies, from "
        "its beginning to its end, for the thread that has to wait for it: how long, how many "
        "bytes. With --events it tells which file, and which system call was the cause.",
    .examples =
        {
            {"tally ovlcopyup", "every container, until Ctrl-C"},
            {"tally ovlcopyup --events -c web", "each file of one container, as it is copied up"},
            {"tally ovlcopyup --by container,why", "what makes copies necessary: openat, chmod"},
            {"tally ovlcopyup --events -o json | jq -c 'select(.copied > 1e8) | [.container, "
             ".path, .why]'",
             "the large ones"},
        },
}};

}  // namespace
