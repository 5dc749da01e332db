// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/registry.h"

TALLY_DECLARE_OBJECT(exits);

namespace {

const tally::Registration registered{{
    .name = "exits",
    .object = TALLY_OBJECT(exits),
    .description = "Prints each thread that exits.",
    .examples = {{"tally exits --killed-only", "who was killed"}},
}};

}  // namespace
