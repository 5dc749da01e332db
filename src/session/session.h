// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>

#include "session/request.h"
#include "tracer/tracer.h"
#include "util/error.h"

namespace tally {

/// Runs a tracer from its configuration to its final report. Whatever ends it but a failure ends
/// with that report: a signal, the duration, the count, a closed pipe. Throws Error with nothing
/// left in the kernel.
ExitStatus run_session(Tracer tracer, const Request& request);

}  // namespace tally
