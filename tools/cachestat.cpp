// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(cachestat);

namespace {

const tally::Registration registered{{
    .name = "cachestat",
    .object = TALLY_OBJECT(cachestat),
    .description = "Counts the 4 KiB pages that reads and page faults need: hits were in the page "
                   "cache, misses had to be read in. Beside them are all pages that a container "
                   "added to the cache (misses, readahead, writes) and those it dirtied. All are "
                   "charged to the thread that asks, including what is read ahead for it.",
    .examples =
        {
            {"tally cachestat 1", "every container, a report each second"},
            {"tally cachestat -c db --by container,comm -d 10", "which program in it"},
            {"tally cachestat --json -d 10 | jq -c '[.key.container, .values.hits, "
             ".values.misses]'",
             "for a script"},
        },
}};

}  // namespace
