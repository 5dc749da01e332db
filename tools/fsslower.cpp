// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(fsslower);

namespace {

const tally::Registration registered{{
    .name = "fsslower",
    .object = TALLY_OBJECT(fsslower),
    .description =
        "Tells of each read, write, open and fsync of a regular file that took long inside its "
        "file system (10 ms, if --min-us does not say otherwise), when it returns: whose it is, "
        "which file, where and how much, and how long it took. File systems are ext4, xfs, btrfs, "
        "nfs and overlay.",
    .examples =
        {
            {"tally fsslower", "every container, 10 ms and more, until Ctrl-C"},
            {"tally fsslower -c db --min-us 1000", "which files a database waits for"},
            {"tally fsslower --fs nfs --min-us 100000", "what a file server is slow with"},
            {"tally fsslower --operation open --operation fsync", "only these"},
            {"tally fsslower --json -d 60 | jq -r '[.container, .operation, .path] | @tsv'",
             "for a script"},
            {"tally fsslower --min-us 0 -- make", "all that a command does with files"},
        },
}};

}  // namespace
