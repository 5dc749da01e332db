// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A declaration of a kind that there is not.
#include "tally.bpf.h"

TRACER("It shows the weather");
HISTOGRAM(days, struct subject, duration_ns, "days");
const volatile __u64 weather TALLY_TAG("forecast:tomorrow") = 0;
