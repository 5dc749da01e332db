// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/load_failure.h"

#include <cerrno>
#include <cstring>

#include "tracer/libbpf_log.h"

namespace tally {

Error load_failure(const std::string& name, int error, std::optional<std::uint64_t> lockable) {
    if (error == -EPERM && lockable) {
        return Error(
            "{} cannot allocate its maps: this user may lock only {} KiB; raise the limit with "
            "ulimit -l unlimited",
            name, *lockable / 1024);
    }
    if (error == -EPERM) {
        return Error(
            "the kernel refuses to load {}: {} (not allowed inside a container, or under kernel "
            "lockdown, even as root)",
            name, first_libbpf_warning());
    }
    if (const auto rejection = verifier_rejection(); rejection && !rejection->reason.empty()) {
        return Error("the kernel's verifier refuses '{}' of {}: {}{}{}; -v shows the full log",
                     rejection->program, name, rejection->reason,
                     rejection->source.empty() ? "" : ", at: ", rejection->source);
    }
    return Error("cannot load {}: {}; -v shows the full log", name,
                 first_libbpf_warning().empty() ? std::strerror(-error) : first_libbpf_warning());
}

}  // namespace tally
