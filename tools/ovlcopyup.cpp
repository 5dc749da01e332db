// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(ovlcopyup);

namespace {

const tally::Registration registered{{
    .name = "ovlcopyup",
    .object = TALLY_OBJECT(ovlcopyup),
    .description =
        "Containers' file systems are overlays: before the first change of a file of the image, "
        "even of one byte or of the owner, the whole file is copied up. Measures each copy from "
        "beginning to end, for the thread that waits for it: its duration and its size. With "
        "--events it prints each file and the system call that caused the copy.",
    .examples =
        {
            {"tally ovlcopyup", "every container, until Ctrl-C"},
            {"tally ovlcopyup --events -c web", "each file of one container, as it is copied up"},
            {"tally ovlcopyup --by container,why", "which calls cause copies: openat, chmod"},
            {"tally ovlcopyup --events -o json | jq -c 'select(.copied > 1e8) | [.container, "
             ".path, .why]'",
             "the large ones"},
        },
}};

}  // namespace
