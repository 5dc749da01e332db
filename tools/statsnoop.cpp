// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(statsnoop);

namespace {

const tally::Registration registered{{
    .name = "statsnoop",
    .object = TALLY_OBJECT(statsnoop),
    .description = "Prints each call that looks up a file by its path without opening it (stat, "
                   "lstat, newfstatat, statx, statfs, access, faccessat, faccessat2), when it "
                   "returns: the container, the path, the error, and the duration.",
    .examples =
        {
            {"tally statsnoop", "every container, until Ctrl-C"},
            {"tally statsnoop -c web --errors-only", "files that a container does not find"},
            {"tally statsnoop --full-path -p 4711", "calls of one process, with full paths"},
            {"tally statsnoop --json -d 10 | jq -r .path | sort | uniq -c | sort -n",
             "the most frequent paths"},
        },
}};

}  // namespace
