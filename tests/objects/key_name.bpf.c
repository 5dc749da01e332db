// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// The words of --by that a further cgroup has are taken.
#include "tally.bpf.h"

TRACER("Two keys of one name");
struct by_culprit {
    struct subject subject;
    cgroup_id culprit;
    __u64 culprit_pod;
};
HISTOGRAM(days, struct by_culprit, duration_ns, "days");
