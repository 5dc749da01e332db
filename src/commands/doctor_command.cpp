// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "commands/doctor_command.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "commands/listing_request.h"
#include "host/kernel_facts.h"
#include "output/listing_writer.h"
#include "output/messages.h"
#include "output/output_file.h"
#include "session/hierarchy.h"
#include "tracer/libbpf_log.h"
#include "tracer/registry.h"
#include "tracer/tracer.h"
#include "util/error.h"

namespace tally {
namespace {

using Status = Check::Status;

Check ok(std::string name, std::string finding) {
    return {std::move(name), false, Status::ok, std::move(finding), ""};
}

Check judge_kernel(const std::string& release) {
    unsigned major = 0;
    unsigned minor = 0;
    const char* const end = release.data() + release.size();
    const auto [dot, error] = std::from_chars(release.data(), end, major);
    if (error == std::errc() && dot != end) {
        std::from_chars(dot + 1, end, minor);
    }
    Check check = ok("kernel", "Linux " + release);
    if (major < 5 || (major == 5 && minor < 10)) {
        check.status = Status::warn;
        check.advice = "tools need Linux 5.10 or later, or a distribution's backports of it";
    }
    return check;
}

Check judge_privileges(const HostFacts& facts) {
    std::string has;
    for (const auto& [which, name] :
         {std::pair(CAP_SYS_ADMIN, "CAP_SYS_ADMIN"), std::pair(CAP_BPF, "CAP_BPF"),
          std::pair(CAP_PERFMON, "CAP_PERFMON"),
          std::pair(CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"),
          std::pair(CAP_SYS_PTRACE, "CAP_SYS_PTRACE")}) {
        if (facts.has_capability(which)) {
            has += std::string(has.empty() ? "" : ", ") + name;
        }
    }
    Check check =
        ok("privileges", fmt::format("uid {}, {}{}", facts.user ? fmt::to_string(*facts.user) : "?",
                                     has.empty() ? "no capability for tracing" : has,
                                     facts.initial_user_namespace ? "" : ", in a user namespace"));
    if (!facts.may_trace()) {
        check.status = Status::fail;
        check.advice = facts.why_not();
    } else if (facts.user != 0 && !facts.has_capability(CAP_DAC_READ_SEARCH)) {
        check.status = Status::warn;
        check.advice =
            "the files with the names of containers are readable only with uid 0 or "
            "CAP_DAC_READ_SEARCH";
    } else if (!facts.sees_all_processes) {
        check.status = Status::warn;
        check.advice =
            "/proc hides the processes of other users (hidepid): --pid and --tid need "
            "CAP_SYS_PTRACE to find them";
    }
    return check;
}

Check judge_btf(const HostFacts& facts) {
    if (facts.btf_size) {
        return ok("btf", fmt::format("/sys/kernel/btf/vmlinux, {} KiB", *facts.btf_size / 1024));
    }
    return {"btf", false, Status::fail, "/sys/kernel/btf/vmlinux cannot be read",
            "use a kernel built with CONFIG_DEBUG_INFO_BTF, and mount /sys"};
}

Check judge_lockdown(const HostFacts& facts) {
    if (facts.lockdown != "confidentiality") {
        return ok("lockdown", facts.lockdown.value_or("not visible in /sys/kernel/security"));
    }
    return {"lockdown", false, Status::fail, "confidentiality",
            "BPF may not read kernel memory: boot with lockdown=integrity or none"};
}

Check judge_memlock(const HostFacts& facts, std::optional<bool> counts_memory) {
    const std::string limit =
        facts.memlock ? fmt::format("{} KiB", *facts.memlock / 1024) : "unlimited";
    if (counts_memory == false) {
        return ok("memlock", limit + "; this kernel does not count maps against it");
    }
    Check check = ok("memlock", limit);
    if (facts.memlock && facts.has_capability(CAP_SYS_RESOURCE)) {
        check.finding += ", which tally can raise";
    } else if (facts.memlock) {
        check.status = Status::warn;
        check.advice =
            "before Linux 5.11 it limits the maps, which are smaller then: raise it with ulimit "
            "-l unlimited";
    }
    return check;
}

Check judge_namespaces(const HostFacts& facts) {
    if (facts.initial_cgroup_namespace && facts.initial_pid_namespace) {
        return ok("namespaces", "the host's pid and cgroup namespaces");
    }
    const char* const which = facts.initial_cgroup_namespace ? "pid namespace"
                              : facts.initial_pid_namespace  ? "cgroup namespace"
                                                             : "pid and cgroup namespaces";
    return {"namespaces", false, Status::warn, fmt::format("tally has its own {}", which),
            "processes and cgroups outside of them are not visible: run tally on the host, or with "
            "the host's namespaces (docker run --pid host --cgroupns host)"};
}

/// Loads and attaches a tool without measuring, to find out what only the kernel knows. Leaves
/// nothing loaded: where memory is counted, the next tool needs it.
Check try_tool(Tracer tracer, KernelHooks& hooks, const HostFacts& facts,
               const std::optional<Hierarchy>& hierarchy, bool verbose) {
    Check check{tracer.name(), true, Status::ok, "loads and attaches", ""};
    if (!facts.may_trace() || !facts.btf_size) {
        check.status = Status::fail;
        check.finding = "not tried";
        check.advice = facts.may_trace() ? "it needs the kernel's BTF" : "it needs privileges";
        return check;
    }
    capture_libbpf_log(verbose ? say : nullptr);  // forgets what the previous tool has left
    const ProbePlan plan = make_probe_plan(tracer.schema(), {}, hooks);
    if (plan.failure) {
        check.status = Status::fail;
        check.finding = plan.failure->reason;
        check.advice = plan.failure->advice;
        return check;
    }
    for (const ProbePlan::Missing& each : plan.missing) {
        check.finding += fmt::format("; without {}: {}", each.what, each.obstacle.reason);
        if (!each.is_choice) {
            check.status = Status::warn;
            check.advice = each.obstacle.advice;
        }
    }
    try {
        tracer.use(plan);
        if (hierarchy) {
            configure_hierarchy(tracer, *hierarchy);
        }
        tracer.load({1, 4096});
        tracer.attach_cgroup_events();
        tracer.attach();
        tracer.detach();
    } catch (const Error& error) {
        check.status = Status::fail;
        check.finding = error.what();
        // The tool's own message ends with the same advice.
        check.finding.resize(std::min(check.finding.size(), check.finding.find("; -v shows")));
        check.advice = fmt::format("tally {} -v shows the full log", tracer.name());
    }
    return check;
}

const char* word(Status status) {
    switch (status) {
        case Status::ok:
            return "ok";
        case Status::warn:
            return "warn";
        case Status::fail:
            break;
    }
    return "fail";
}

/// All checks, in the order in which they are shown: the machine, then each tool, which is loaded,
/// attached and detached, if this process may. `hierarchy`: the value of --hierarchy; throws
/// UsageError if it does not exist. `verbose`: prints all messages of libbpf and the kernel to
/// stderr.
std::vector<Check> examine(const std::optional<std::string>& hierarchy, bool verbose) {
    const HostFacts facts = read_host_facts({});
    // Only a process that may trace can ask the kernel.
    std::vector<Check> checks =
        judge(facts, facts.may_trace() ? std::optional(!has_task_storage()) : std::nullopt);

    std::optional<Hierarchy> chosen;
    try {
        const HostHierarchy choice = find_hierarchy(hierarchy, {});
        chosen = choice.hierarchy;
        checks.push_back({"cgroups", false, choice.warning.empty() ? Status::ok : Status::warn,
                          describe(choice), choice.warning});
    } catch (const UsageError&) {
        throw;
    } catch (const Error& error) {
        checks.push_back({"cgroups", false, Status::fail, error.what(),
                          "mount the cgroup file system, in the host's cgroup namespace"});
    }
    std::vector<Tracer> tracers;
    std::vector<std::string> hooks;
    for (const Tool* each : all_tools()) {
        const Tracer& tracer = tracers.emplace_back(*each);
        for (const ProbeSchema& probe : tracer.schema().probes) {
            hooks.push_back(probe.hook);
        }
    }
    KernelHooks kernel(hooks);
    for (Tracer& each : tracers) {
        checks.push_back(try_tool(std::move(each), kernel, facts, chosen, verbose));
    }
    return checks;
}

}  // namespace

std::vector<Check> judge(const HostFacts& facts, std::optional<bool> counts_memory) {
    return {judge_kernel(facts.release),
            judge_privileges(facts),
            judge_btf(facts),
            judge_lockdown(facts),
            judge_memlock(facts, counts_memory),
            judge_namespaces(facts)};
}

Listing list_checks(const std::vector<Check>& checks) {
    Listing listing{"check", {"CHECK", "STATUS", "FOUND"}, {}, "nothing was checked"};
    for (const Check& each : checks) {
        listing.rows.push_back({{each.name, word(each.status),
                                 each.finding + (each.advice.empty() ? "" : "; " + each.advice)},
                                {{"name", each.name},
                                 {"kind", std::string(each.is_tool ? "tool" : "host")},
                                 {"status", std::string(word(each.status))},
                                 {"finding", each.finding},
                                 {"advice", each.advice.empty() ? Value() : Value(each.advice)}}});
    }
    return listing;
}

ExitStatus run_doctor(const std::vector<std::string>& arguments) {
    const auto request = read_listing_request("doctor", arguments);
    if (!request) {
        return ExitStatus::ok;
    }
    OutputFile out(STDOUT_FILENO, "stdout");
    const std::vector<Check> checks = examine(request->hierarchy, request->verbose);
    write_listing(request->format, list_checks(checks), out);
    const bool all_run = std::none_of(checks.begin(), checks.end(), [](const Check& each) {
        return each.is_tool && each.status == Check::Status::fail;
    });
    return all_run ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace tally
