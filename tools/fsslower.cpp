// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(fsslower);

namespace {

const tally::Registration registered{{
    .name = "fsslower",
    .object = TALLY_OBJECT(fsslower),
    .description =
        "Prints each read, write, open and fsync of a regular file that takes long inside its file "
        "system (10 ms, or --min-us), when it returns: the container, the file, offset, size and "
        "duration. File systems are ext4, xfs, btrfs, nfs and overlay.",
    .examples =
        {
            {"tally fsslower", "every container, 10 ms and more, until Ctrl-C"},
            {"tally fsslower -c db --min-us 1000", "which files a database waits for"},
            {"tally fsslower --fs nfs --min-us 100000", "slow operations of a file server"},
            {"tally fsslower --operation open --operation fsync", "only these"},
            {"tally fsslower --json -d 60 | jq -r '[.container, .operation, .path] | @tsv'",
             "for a script"},
            {"tally fsslower --min-us 0 -- make", "every file operation of a command"},
        },
}};

}  // namespace
