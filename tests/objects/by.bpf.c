// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A row for each of what is no key.
#include "tally.bpf.h"

TRACER("Nothing");
BY("container,weather");
HISTOGRAM(days, struct subject, duration_ns, "days");
