// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(fsdist);

namespace {

const tally::Registration registered{{
    .name = "fsdist",
    .object = TALLY_OBJECT(fsdist),
    .description =
        "Measures reads, writes, opens and fsyncs of regular files inside their file system (ext4, "
        "xfs, btrfs, nfs, overlay), whatever causes them: a system call, io_uring, sendfile, an "
        "exec, an overlay on top. Operations that have not returned are in flight, with the age of "
        "the oldest and the thread that waits: this shows a server or disk that does not answer.",
    .examples =
        {
            {"tally fsdist", "every container, file system and operation, until Ctrl-C"},
            {"tally fsdist -c db --operation fsync 1", "how long one container's fsyncs take"},
            {"tally fsdist --fs nfs 1", "does the server answer? see IN FLIGHT"},
            {"tally fsdist --by fs,operation -d 10", "file systems of the whole machine"},
        },
    .further_names = {{
        .name = "fsslower",
        .description =
            "Prints each read, write, open and fsync of a regular file that takes long inside its "
            "file system (10 ms, or --min-us), when it returns: the container, the file, offset, "
            "size and duration. File systems are ext4, xfs, btrfs, nfs and overlay.",
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
        .summary = "Slow file system reads, writes, opens and fsyncs, with their files",
        .tells_events = true,
        .defaults = {{"min-us", 10'000}},
    }},
}};

}  // namespace
