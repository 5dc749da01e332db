// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tally {

/// From now on captures libbpf's messages, which would otherwise go to stderr raw: each line is
/// passed to `tell`, if given, as it comes, and what an error message needs is kept. Forgets what
/// was kept before.
void capture_libbpf_log(std::function<void(std::string_view line)> tell = nullptr);

/// The first line of the first warning of libbpf, which is the cause, without its prefix; empty if
/// there was none.
std::string first_libbpf_warning();

/// Why the kernel's verifier rejects a program.
struct Rejection {
    std::string program;
    std::string reason;  ///< "R1 invalid mem access 'scalar'"
    std::string source;  ///< the source line; since 6.9 "CODE @ FILE:LINE"; or empty
};

/// The first rejection since capture_libbpf_log(); none if there was no log of the verifier.
std::optional<Rejection> verifier_rejection();

/// Reads a verifier's log, lines of text, to its end. (For tests; capture_libbpf_log() uses it.)
Rejection read_verifier_log(std::string program, std::string_view log);

}  // namespace tally
