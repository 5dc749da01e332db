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

// Every other type that a key can have.
struct typed_key {
    struct subject subject;
    timestamp_ns began;
    hex address;
    ip_addr peer;
    named_flags named;
    __s64 below;
    syscall_nr call;
    errno_nr error;
    signal_nr signal;
    uid_nr uid;
    open_flags flags;
    file_mode mode;
    natural_or_none descriptor;
    port_nr port;
    bool is_so;
    char disk[9];
    comm other_comm;
};
COUNTS(typed, struct typed_key, struct dish_counts, "keys");
