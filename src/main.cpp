// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// tally COMMAND ..., or tally-TOOL ... by a link of that name.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "cli/completion.h"
#include "host/kernel_facts.h"
#include "output/listing_writer.h"
#include "output/messages.h"
#include "output/output_file.h"
#include "session/containers_command.h"
#include "session/doctor_command.h"
#include "session/session.h"
#include "tracer/libbpf_log.h"
#include "tracer/object_file.h"
#include "tracer/probe_plan.h"
#include "tracer/registry.h"
#include "tracer/tracer.h"
#include "util/error.h"
#include "util/inherited_signals.h"

namespace tally {
namespace {

constexpr std::string_view kUsage =
    "tally shows how long things take in the kernel, per container.\n"
    "\n"
    "Usage: tally TOOL [OPTIONS] [INTERVAL [COUNT]] [-- COMMAND ...]\n"
    "\n"
    "  tally TOOL           run a tool, e.g. sudo tally runqlat\n"
    "  tally list           the tools\n"
    "  tally containers     the containers that run here\n"
    "  tally doctor         whether each tool runs here, and what would help\n"
    "  tally run FILE       run a tool that is not built in, from its BPF object\n"
    "  tally help [TOOL]    this text, or that of a tool or command\n"
    "  tally --version\n";

constexpr std::string_view kRunUsage =
    "tally run: runs a tracer from a BPF object that declares itself, with all that built-in "
    "tools\n"
    "have: targets, --by, intervals, formats, and the options that it declares.\n"
    "\n"
    "Usage: tally run FILE [OPTIONS] [INTERVAL [COUNT]]\n"
    "\n"
    "FILE comes first. Its name without .bpf.o is that of the tool, in records too.\n"
    "\n"
    "  tally run FILE --help      its options\n"
    "  tally run FILE -v          says all that libbpf and the kernel's verifier say\n"
    "\n"
    "How to write and compile one: docs/new-tool.md.\n";

using Arguments = std::vector<std::string>;

ExitStatus print(std::string_view text) {
    OutputFile out(STDOUT_FILENO, "stdout");
    out.append(text);
    out.flush();
    return ExitStatus::ok;
}

/// --probe-plan: what a run would hang on. Status 1 if it cannot run.
ExitStatus show_probe_plan(const Tracer& tracer, const Request& request) {
    check_tracing_is_possible();
    const ProbePlan plan = make_probe_plan(tracer.schema(), request.choices);
    OutputFile out = request.output_file ? OutputFile::create(*request.output_file)
                                         : OutputFile(STDOUT_FILENO, "stdout");
    write_listing(request.format, list_probes(tracer.name(), plan), out);
    if (plan.failure) {
        say(describe(tracer.name(), *plan.failure));
    }
    return plan.failure ? ExitStatus::failed : ExitStatus::ok;
}

ExitStatus run_tool(const Tool& tool, const Arguments& arguments) {
    Tracer tracer(std::string(tool.name), tool.object);
    auto parsed = parse_tool_arguments(tool, tracer.schema(), arguments);
    if (const auto* help = std::get_if<HelpText>(&parsed)) {
        return print(help->text);
    }
    const Request& request = std::get<Request>(parsed);
    capture_libbpf_log(request.verbose ? say : nullptr);
    if (request.probe_plan) {
        return show_probe_plan(tracer, request);
    }
    return run_session(std::move(tracer), request);
}

ExitStatus run_file(const Arguments& arguments) {
    if (arguments.empty()) {
        throw UsageError("run which file? 'tally help run' says more");
    }
    const std::string& path = arguments.front();
    if (path == "--help" || path == "-h") {
        return print(kRunUsage);
    }
    if (path.starts_with('-')) {
        throw UsageError("'{}' where the file should be: tally run FILE [OPTIONS]", path);
    }
    const Arguments rest(arguments.begin() + 1, arguments.end());
    // The options are not known before the object has been opened, which libbpf may have more to
    // say about than the one sentence.
    const bool verbose = std::any_of(rest.begin(), rest.end(), [](const std::string& each) {
        return each == "-v" || each == "--verbose";
    });
    capture_libbpf_log(verbose ? say : nullptr);
    const std::string name = tracer_name(path);
    const std::string object = read_object_file(path);
    Tool tool;
    tool.name = name;
    tool.object = std::as_bytes(std::span(object));
    tool.command = "run " + path;
    return run_tool(tool, rest);
}

bool is_listing(std::string_view command) {
    return command == "containers" || command == "doctor";
}

ExitStatus run_listing(const std::string& command, const Arguments& arguments) {
    auto parsed = parse_listing_arguments(command, arguments);
    if (const auto* help = std::get_if<HelpText>(&parsed)) {
        return print(help->text);
    }
    const auto& request = std::get<ListingRequest>(parsed);
    capture_libbpf_log(request.verbose ? say : nullptr);
    OutputFile out(STDOUT_FILENO, "stdout");
    if (request.watch) {
        watch_containers(request, out);
        return ExitStatus::ok;
    }
    if (command == "containers") {
        write_listing(request.format, list_containers(request.hierarchy, request.verbose), out);
        return ExitStatus::ok;
    }
    const std::vector<Check> checks = examine(request.hierarchy, request.verbose);
    write_listing(request.format, list_checks(checks), out);
    const bool all_run = std::none_of(checks.begin(), checks.end(), [](const Check& each) {
        return each.is_tool && each.status == Check::Status::fail;
    });
    return all_run ? ExitStatus::ok : ExitStatus::failed;
}

std::string summary_of(const Tool& tool) {
    return Tracer(std::string(tool.name), tool.object).schema().summary;
}

ExitStatus list_tools() {
    Listing listing{"tool", {"TOOL", "WHAT IT SHOWS"}, {}, "no tools are built in"};
    for (const Tool* each : all_tools()) {
        const std::string name(each->name);
        const std::string summary = summary_of(*each);
        listing.rows.push_back({{name, summary}, {{"name", name}, {"summary", summary}}});
    }
    OutputFile out(STDOUT_FILENO, "stdout");
    write_listing(Format::text, listing, out);
    return ExitStatus::ok;
}

ExitStatus unknown(const std::string& word) {
    throw UsageError("there is no tool '{}': 'tally list' shows those there are", word);
}

ExitStatus run(std::string_view program, Arguments arguments);

/// Answers a shell that completes these words.
ExitStatus complete(Arguments words) {
    std::vector<Candidate> tools;
    for (const Tool* each : all_tools()) {
        tools.push_back({std::string(each->name), summary_of(*each)});
    }
    const auto answer = complete_command(kUsage, tools, words);
    return answer ? print(*answer) : run("tally", words);
}

ExitStatus run(std::string_view program, Arguments arguments) {
    capture_libbpf_log();
    const std::string_view name = program.substr(program.rfind('/') + 1);
    constexpr std::string_view kPrefix = "tally-";
    if (name.starts_with(kPrefix)) {
        const std::string tool(name.substr(kPrefix.size()));
        if (!arguments.empty() && arguments.front() == kComplete) {
            arguments.front() = tool;
            return complete(arguments);
        }
        const Tool* found = find_tool(tool);
        return found != nullptr ? run_tool(*found, arguments) : unknown(tool);
    }
    if (arguments.empty()) {
        throw UsageError("which tool? 'tally list' shows them, 'tally help' says more");
    }
    const std::string command = arguments.front();
    arguments.erase(arguments.begin());
    if (command == kComplete) {
        return complete(arguments);
    }
    if (const Tool* tool = find_tool(command)) {
        return run_tool(*tool, arguments);
    }
    if (is_listing(command)) {
        return run_listing(command, arguments);
    }
    if (command == "run") {
        return run_file(arguments);
    }
    const bool takes_none = command == "--version" || command == "list" || command == "--help";
    if ((takes_none && !arguments.empty()) || (command == "help" && arguments.size() > 1)) {
        throw UsageError("'{}' takes no '{}'", command, arguments.back());
    }
    if (command == "--version") {
        return print("tally " TALLY_VERSION "\n");
    }
    if (command == "help" && !arguments.empty()) {
        if (is_listing(arguments.front())) {
            return run_listing(arguments.front(), {"--help"});
        }
        if (arguments.front() == "run") {
            return run_file({"--help"});
        }
        const Tool* tool = find_tool(arguments.front());
        return tool != nullptr ? run_tool(*tool, {"--help"}) : unknown(arguments.front());
    }
    if (command == "help" || command == "--help" || command == "-h") {
        return print(kUsage);
    }
    if (command == "list") {
        return list_tools();
    }
    return unknown(command);
}

}  // namespace
}  // namespace tally

namespace {

/// A descriptor below 3 that is closed would be given to the next file that is opened, and what is
/// meant for stderr would go there.
void open_standard_files() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) {
            [[maybe_unused]] const int opened = ::open("/dev/null", O_RDWR);  // the lowest: fd
        }
    }
}

}  // namespace

int main(int count, char** arguments) {
    open_standard_files();
    tally::remember_signals();
    std::signal(SIGPIPE, SIG_IGN);  // told by write(2) instead, as a ClosedPipe
    try {
        return static_cast<int>(
            tally::run(count > 0 ? arguments[0] : "tally", {arguments + 1, arguments + count}));
    } catch (const tally::ClosedPipe&) {
        return 0;
    } catch (const tally::Error& error) {
        tally::say(error.what());
        return static_cast<int>(error.status());
    } catch (const std::exception& error) {
        tally::say(error.what());
        return static_cast<int>(tally::ExitStatus::failed);
    }
}
