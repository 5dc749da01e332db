// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Text that would act on a terminal.
#include "tally.bpf.h"

TRACER("\033[2Jsummary");
OPTION(__u64, least, 0, "\033[2Jhelp");
HISTOGRAM(lengths, struct subject, duration_ns, "\033[2Jlengths");
