// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <vector>

#include "session/request.h"
#include "tracer/tracer.h"
#include "util/error.h"

namespace tally {

/// Runs tracers from their configuration to their final reports, all at once: one target, one set
/// of names, one engine in the kernel, one beginning and one end. There is at least one tracer, and
/// one entry of `request.tracers` for each. However the run ends except by a failure (a signal, the
/// duration, the count, a closed pipe), it makes the final reports. Throws Error with nothing left
/// in the kernel.
ExitStatus run_session(std::vector<Tracer> tracers, const Request& request);

}  // namespace tally
