// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "commands/tool_commands.h"

#include <unistd.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "cli/command_line.h"
#include "commands/print.h"
#include "host/kernel_facts.h"
#include "output/listing_writer.h"
#include "output/messages.h"
#include "output/output_file.h"
#include "session/session.h"
#include "tracer/libbpf_log.h"
#include "tracer/object_file.h"
#include "tracer/probe_plan.h"
#include "tracer/registry.h"
#include "tracer/tracer.h"
#include "util/nearest_word.h"
#include "util/split.h"

namespace tally {
namespace {

using Arguments = std::vector<std::string>;

constexpr std::string_view kRunUsage =
    "tally run: runs your own tracer from a .bpf.o file, with the filters, --by,\n"
    "intervals and formats of the built-in tools, and the options that it declares.\n"
    "\n"
    "Usage: tally run FILE [OPTIONS] [INTERVAL [COUNT]]\n"
    "\n"
    "FILE comes first. Its name without .bpf.o names the tool, in records too.\n"
    "\n"
    "  tally run FILE --help      its options\n"
    "  tally run FILE -v          prints all messages of libbpf and the verifier\n"
    "\n"
    "How to write and compile a tracer: docs/new-tool.md.\n";

/// --probe-plan: the hooks that a run would attach to. Status 1 if one of the tools cannot run.
ExitStatus show_probe_plans(const std::vector<Tracer>& tracers, const Request& request) {
    check_tracing_is_possible();
    OutputFile out = request.output_file ? OutputFile::create(*request.output_file)
                                         : OutputFile(STDOUT_FILENO, "stdout");
    ExitStatus status = ExitStatus::ok;
    for (std::size_t i = 0; i < tracers.size(); ++i) {
        const Tracer& tracer = tracers[i];
        const ProbePlan plan = make_probe_plan(tracer.schema(), request.tracers[i].choices);
        write_listing(request.format, list_probes(tracer.name(), plan), out);
        if (plan.failure) {
            say(describe(tracer.name(), *plan.failure));
            status = ExitStatus::failed;
        }
    }
    return status;
}

ExitStatus run_as(const std::vector<const Tool*>& tools, const Arguments& arguments) {
    std::vector<Tracer> tracers;
    tracers.reserve(tools.size());
    for (const Tool* each : tools) {
        tracers.emplace_back(*each);
    }
    std::vector<ChosenTool> chosen;
    chosen.reserve(tools.size());
    for (std::size_t i = 0; i < tools.size(); ++i) {
        chosen.push_back({*tools[i], tracers[i].schema()});
    }
    auto parsed = parse_tool_arguments(chosen, arguments);
    if (const auto* help = std::get_if<HelpText>(&parsed)) {
        return print(help->text);
    }
    const Request& request = std::get<Request>(parsed);
    capture_libbpf_log(request.verbose ? say : nullptr);
    if (request.probe_plan) {
        return show_probe_plans(tracers, request);
    }
    return run_session(std::move(tracers), request);
}

std::string summary_of(const Tool& tool) {
    return Tracer(tool).schema().summary;
}

}  // namespace

ExitStatus run_tools(const std::string& names, const Arguments& arguments,
                     std::vector<std::string> commands) {
    std::vector<const Tool*> tools;
    for (const std::string& name : split(names, ',')) {
        const Tool* tool = find_tool(name);
        if (tool == nullptr && name.empty() && names.find(',') != std::string::npos) {
            throw UsageError("'{}': the name of a tool is missing beside a comma", names);
        }
        if (tool == nullptr) {
            for (const Tool* each : all_tools()) {
                commands.emplace_back(each->name);
            }
            throw UsageError("unknown tool '{}'{} ('tally list' lists the tools)", name,
                             did_you_mean(name, commands));
        }
        if (std::find(tools.begin(), tools.end(), tool) != tools.end()) {
            throw UsageError("'{}' names {} twice: one run has each tool once", names, name);
        }
        tools.push_back(tool);
    }
    return run_as(tools, arguments);
}

ExitStatus run_file(const Arguments& arguments) {
    if (arguments.empty()) {
        throw UsageError("FILE is missing: tally run FILE.bpf.o [OPTIONS]");
    }
    const std::string& path = arguments.front();
    if (path == "--help" || path == "-h") {
        return print(kRunUsage);
    }
    if (path.starts_with('-')) {
        throw UsageError("'{}' where the file should be: tally run FILE [OPTIONS]", path);
    }
    const Arguments rest(arguments.begin() + 1, arguments.end());
    // The options are not known before the object is opened, and opening it may give more messages
    // of libbpf than fit in the one sentence of an Error.
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
    return run_as({&tool}, rest);
}

ExitStatus list_tools(const Arguments&) {
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

std::vector<Candidate> tool_candidates() {
    std::vector<Candidate> tools;
    for (const Tool* each : all_tools()) {
        tools.push_back({std::string(each->name), summary_of(*each)});
    }
    return tools;
}

}  // namespace tally
