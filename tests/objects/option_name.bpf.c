// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// An option with the name of one that every tool has.
#include "tally.bpf.h"

TRACER("An option that is there already");
OPTION(__u64, container, 0, "how many containers");
HISTOGRAM(days, struct subject, duration_ns, "days");
