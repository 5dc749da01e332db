// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A choice of nothing.
#include "probes.bpf.h"

TRACER("Nothing");
HISTOGRAM(days, struct subject, duration_ns, "days");
CHOICE(weather, "kinds of weather");
