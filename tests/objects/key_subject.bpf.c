// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A key that does not say whose time it is.
#include "tally.bpf.h"

TRACER("Nobody's time");
struct by_cpu {
    __u64 cpu;
};
HISTOGRAM(days, struct by_cpu, duration_ns, "days");
