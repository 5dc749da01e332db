// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>

namespace tally {

/// Keeps what libbpf says to itself: `verbose` prints it to stderr as it comes, else it is kept for
/// the message of a failure.
void capture_libbpf_log(bool verbose);

/// The first line that libbpf said as a warning, the cause, without its prefix; empty
/// if there was none.
std::string first_libbpf_warning();

}  // namespace tally
