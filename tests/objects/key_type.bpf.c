// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A key with a field that is no number, no text and no known type.
#include "tally.bpf.h"

TRACER("A key that cannot be shown");
struct by_task {
    struct subject subject;
    struct task_struct* task;
};
HISTOGRAM(days, struct by_task, duration_ns, "days");
