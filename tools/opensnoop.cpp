// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(opensnoop);

namespace {

const tally::Registration registered{{
    .name = "opensnoop",
    .object = TALLY_OBJECT(opensnoop),
    .description =
        "Prints each call that opens a file (open, openat, openat2, creat), when it returns: the "
        "container, the path and flags, the descriptor or the error, and the duration.",
    .examples =
        {
            {"tally opensnoop", "every container, until Ctrl-C"},
            {"tally opensnoop -c web --errors-only", "which files a container cannot open"},
            {"tally opensnoop --full-path -p 4711", "files of one process, with full paths"},
            {"tally opensnoop --json -d 10 | jq -r 'select(.duration_ns > 1000000) | .path'",
             "opens that took longer than a millisecond"},
            {"tally opensnoop -- python3 -c 'import json'", "files that a command opens"},
        },
}};

}  // namespace
