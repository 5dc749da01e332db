// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(throttle);

namespace {

const tally::Registration registered{{
    .name = "throttle",
    .object = TALLY_OBJECT(throttle),
    .description =
        "Measures, for every thread, how long it was runnable but stopped because its container or "
        "a cgroup above it had used up its CPU quota (cpu.max, or cpu.cfs_quota_us in version 1), "
        "until the quota was refilled. The wait for a CPU after that is not included (see 'tally "
        "runqlat'). Quota and period are those of the cgroup that was throttled.",
    .examples =
        {
            {"tally throttle", "every container, until Ctrl-C"},
            {"tally throttle -c web 1", "one container, a report each second"},
            {"tally throttle --by container,comm -d 10", "which program in it"},
            {"tally throttle --json -d 10 | jq -c '[.key.container, .sum, .key.quota_ns]'",
             "for a script"},
        },
}};

}  // namespace
