// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(oncpu);

namespace {

const tally::Registration registered{{
    .name = "oncpu",
    .object = TALLY_OBJECT(oncpu),
    .description = "Measures how long a thread runs each time that it gets a CPU.",
    .examples = {{"tally oncpu --by container,preempted", "who is cut short"}},
}};

}  // namespace
