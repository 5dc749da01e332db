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
}};

}  // namespace
