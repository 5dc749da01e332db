// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Optional probes that there are none of.
#include "probes.bpf.h"

TRACER("Nothing");
HISTOGRAM(days, struct subject, duration_ns, "days");
OPTIONAL_PROBES(weather, "the weather");
