// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(cachestat);

namespace {

const tally::Registration registered{{
    .name = "cachestat",
    .object = TALLY_OBJECT(cachestat),
    .description =
        "Counts pages of 4 KiB that reads and page faults ask for, by whether they were in the "
        "page cache at that moment (hits) or had to be brought in (misses); beside it all pages "
        "that a container has put into the cache (added: misses, what is read ahead, what is "
        "written) and those that it has changed (dirtied). All are charged to the thread that "
        "asks, also what is read ahead for it.",
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
