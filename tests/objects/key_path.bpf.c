// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// A key with a type that only events can have: the bytes of a path lie behind the struct.
#include "tally.bpf.h"

TRACER("A key without an end");
struct by_file {
    struct subject subject;
    path file;
};
HISTOGRAM(days, struct by_file, duration_ns, "days");
