// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tally.bpf.h"

TRACER("A key of every type of its own");

enum flavour { SWEET, SALTY_AND_SOUR = 7 };
struct dish_key {
    struct subject subject;
    duration_ns limit_ns;
    bytes size;
    capability_nr capability;
    enum flavour flavour;
};
struct dish_counts {
    __u64 eaten;
};
COUNTS(dishes, struct dish_key, struct dish_counts, "dishes");
