// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "host/host_facts.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "util/read_file.h"

namespace tally {
namespace {

// The inodes of the first namespaces, the same on every machine (include/linux/proc_ns.h).
constexpr std::uint64_t kInitialUser = 0xEFFFFFFD;
constexpr std::uint64_t kInitialPid = 0xEFFFFFFC;
constexpr std::uint64_t kInitialCgroup = 0xEFFFFFFB;

/// The words after the given beginning of a line, in the first such line of a file in /proc.
std::vector<std::string_view> words_of(std::string_view text, std::string_view begin) {
    std::vector<std::string_view> words;
    std::size_t at = text.starts_with(begin) ? 0 : text.find("\n" + std::string(begin));
    if (at == std::string_view::npos) {
        return words;
    }
    at = text.find(begin, at) + begin.size();
    const std::string_view line = text.substr(at, text.find('\n', at) - at);
    for (std::size_t end = 0; end < line.size();) {
        const std::size_t word = line.find_first_not_of(" \t", end);
        if (word == std::string_view::npos) {
            break;
        }
        end = std::min(line.find_first_of(" \t", word), line.size());
        words.push_back(line.substr(word, end - word));
    }
    return words;
}

std::optional<std::uint64_t> number(const std::vector<std::string_view>& words, std::size_t which,
                                    int base = 10) {
    std::uint64_t value = 0;
    if (which >= words.size() ||
        std::from_chars(words[which].data(), words[which].data() + words[which].size(), value, base)
                .ec != std::errc()) {
        return std::nullopt;
    }
    return value;
}

bool is_initial(const std::string& path, std::uint64_t initial) {
    struct stat status {};
    return ::stat(path.c_str(), &status) != 0 || status.st_ino == initial;
}

}  // namespace

bool HostFacts::may_trace() const {
    return initial_user_namespace && (has_capability(CAP_SYS_ADMIN) ||
                                      (has_capability(CAP_BPF) && has_capability(CAP_PERFMON)));
}

std::string HostFacts::why_not() const {
    if (!initial_user_namespace) {
        return "capabilities of a user namespace do not allow tracing: run tally as the host's "
               "root";
    }
    const char* missing = has_capability(CAP_BPF)       ? "CAP_PERFMON"
                          : has_capability(CAP_PERFMON) ? "CAP_BPF"
                                                        : "both";
    return fmt::format(
        "tracing needs root, or CAP_BPF and CAP_PERFMON, and {} {} missing: run "
        "tally with sudo, or see docs/privileges.md",
        missing, missing == std::string_view("both") ? "are" : "is");
}

HostFacts read_host_facts(const HostPaths& paths) {
    HostFacts facts;
    const auto text = [](const std::string& path) { return read_kernel_file(path).value_or(""); };
    facts.release = text(paths.proc + "/sys/kernel/osrelease");
    facts.release.resize(std::min(facts.release.size(), facts.release.find('\n')));

    const std::string status = text(paths.proc + "/self/status");
    facts.capabilities = number(words_of(status, "CapEff:"), 0, 16).value_or(0);
    facts.user = number(words_of(status, "Uid:"), 1);
    facts.memlock = number(words_of(text(paths.proc + "/self/limits"), "Max locked memory"), 0);

    const std::string btf = paths.sys + "/kernel/btf/vmlinux";
    struct stat file {};
    if (::access(btf.c_str(), R_OK) == 0 && ::stat(btf.c_str(), &file) == 0 && file.st_size > 0) {
        facts.btf_size = static_cast<std::uint64_t>(file.st_size);
    }
    // "none [integrity] confidentiality"
    const std::string modes = text(paths.sys + "/kernel/security/lockdown");
    const std::size_t open = modes.find('[');
    const std::size_t close = modes.find(']');
    if (open != std::string::npos && close != std::string::npos && open < close) {
        facts.lockdown = modes.substr(open + 1, close - open - 1);
    }
    const std::string namespaces = paths.proc + "/self/ns/";
    facts.initial_user_namespace = is_initial(namespaces + "user", kInitialUser);
    facts.initial_pid_namespace = is_initial(namespaces + "pid", kInitialPid);
    facts.initial_cgroup_namespace = is_initial(namespaces + "cgroup", kInitialCgroup);
    // Not access(2), which ignores the capabilities of an ordinary user.
    facts.sees_all_processes = ::stat((paths.proc + "/1/status").c_str(), &file) == 0;
    return facts;
}

}  // namespace tally
