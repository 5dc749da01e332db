// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tally {

/// Takes what libbpf says from now on, which would go to stderr raw: `tell` is given each line as
/// it comes, if there is one; what a message about a failure needs is kept. What was kept before is
/// forgotten.
void capture_libbpf_log(std::function<void(std::string_view line)> tell = nullptr);

/// The first line that libbpf said as a warning, the cause, without its prefix; empty
/// if there was none.
std::string first_libbpf_warning();

/// What the kernel's verifier has against a program.
struct Rejection {
    std::string program;
    std::string reason;  ///< "R1 invalid mem access 'scalar'"
    std::string
        source;  ///< the line of the source it was at; since 6.9 "CODE @ FILE:LINE"; or empty
};

/// The first rejection since capture_libbpf_log(); none if the verifier said nothing.
std::optional<Rejection> verifier_rejection();

/// Reads a verifier's log, lines of text, to its end. (For tests; capture_libbpf_log() uses it.)
Rejection read_verifier_log(std::string program, std::string_view log);

}  // namespace tally
