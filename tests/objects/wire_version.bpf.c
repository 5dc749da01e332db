// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Built with the headers of a tally to come.
#include "vmlinux.h"

#include "wire.h"
#undef TALLY_WIRE_VERSION
#define TALLY_WIRE_VERSION 1000000

#include "tally.bpf.h"

TRACER("From the future");
HISTOGRAM(days, struct subject, duration_ns, "days");
