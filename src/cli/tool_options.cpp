// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "cli/by_option.h"
#include "cli/command_line.h"
#include "cli/common_options.h"
#include "cli/completion.h"
#include "cli/help_text.h"
#include "cli/own_options.h"
#include "output/escape.h"
#include "output/messages.h"
#include "session/outputs.h"
#include "tracer/tracer.h"
#include "util/error.h"

namespace tally {
namespace {

void describe_terminal(const Request& request, TextOptions& text) {
    const char* kind = std::getenv("TERM");
    text.terminal = !request.output_file && ::isatty(STDOUT_FILENO) == 1 &&
                    (kind == nullptr || std::string_view(kind) != "dumb");
    const char* no_colour = std::getenv("NO_COLOR");
    text.colour = text.terminal && (no_colour == nullptr || *no_colour == '\0');
    text.unicode = locale_is_utf8();
}

/// Removes "--" and what follows from `arguments`, and returns what follows. (During completion
/// "--" may be the beginning of an option.)
std::vector<std::string> take_command(std::vector<std::string>& arguments) {
    const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
    if (dashes == arguments.end() || arguments.front() == kComplete) {
        return {};
    }
    std::vector<std::string> command(dashes + 1, arguments.end());
    if (command.empty()) {
        throw UsageError("COMMAND is missing after '--'");
    }
    arguments.erase(dashes, arguments.end());
    return command;
}

std::string footer(const std::vector<Tool::Example>& examples) {
    std::string text =
        "COMMAND:\n  " +
        wrap(
            "Runs COMMAND and measures nothing but COMMAND, from its exec on, with all of its "
            "threads and descendants. Its stdout goes to stderr, unless -O is given. The run ends "
            "with COMMAND and has its exit status; a run that ends earlier ends COMMAND too.",
            kHelpWidth - 2, 2) +
        "\n" + (examples.empty() ? "" : "\nExamples:\n");
    for (const Tool::Example& each : examples) {
        text += fmt::format("  {}\n      {}\n", each.command, each.meaning);
    }
    return text;
}

/// Options that make no sense for single events: left out of the help, and refused in one sentence.
void refuse_reports(Parser& parser, const std::string& tool, bool has_both) {
    const auto refuse = [=] {
        throw UsageError(
            "{} prints events: INTERVAL, COUNT, --by, --view, --top, --min-count and --max-keys "
            "apply only to {}",
            has_both ? tool + " --events" : tool,
            has_both ? "a run without --events" : "tools that aggregate");
    };
    for (const char* each : {"INTERVAL", "--by", "--view", "--top", "--min-count", "--max-keys"}) {
        parser.add_refused(each, refuse);
    }
}

/// The size of a ring in bytes, from a number with K or M; the kernel requires a power of two.
std::uint32_t ring_size_of(const std::string& word) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    std::string unit(end, word.data() + word.size());
    for (const char* each : {"iB", "B"}) {
        if (unit.size() > 1 && unit.ends_with(each)) {
            unit.resize(1);
        }
    }
    const int shift = unit == "K" || unit == "k" ? 10 : unit == "M" || unit == "m" ? 20 : -1;
    const std::uint64_t size = shift < 0 || number > 1024 * 1024 ? 0 : number << shift;
    if (error != std::errc() || size < 4096 || size > (1U << 30) || !std::has_single_bit(size)) {
        throw UsageError(
            "--ring-size {}: must be a power of two from 4K to 1024M, e.g. 512K or 16M", word);
    }
    return static_cast<std::uint32_t>(size);
}

/// The options that apply only to text.
std::vector<Parser::Option> add_text_options(Parser& parser, TextOptions& text, bool has_views) {
    std::vector<Parser::Option> all;
    if (has_views) {
        const std::vector<std::string> views{"bars", "table"};
        all.push_back(parser.add_value(
            {.names = "--view",
             .value = "VIEW",
             .description = "bars (one diagram per row; default for up to three rows) or table",
             .group = "Output",
             .choices = views},
            one_of(views), [&text](const std::string& word) {
                text.view = word == "bars" ? View::bars : View::table;
            }));
    }
    all.push_back(add_number(parser,
                             {.names = "--top",
                              .value = "N",
                              .description = "show only the N worst rows (0: all)",
                              .group = "Output"},
                             std::size_t{0}, std::size_t{1} << 32, "a number", text.top));
    all.push_back(add_number(parser,
                             {.names = "--min-count",
                              .value = "N",
                              .description = "leave out rows with fewer than N values",
                              .group = "Output"},
                             std::uint64_t{0}, ~std::uint64_t{0}, "a number", text.min_count));
    return all;
}

/// `when` precedes their descriptions. They apply to the tools that have events.
std::vector<Parser::Option> add_event_options(Parser& parser,
                                              const std::vector<TracerRequest*>& tracers,
                                              const std::string& when) {
    return {parser.add_flag({.names = "--own-events",
                             .description = when + "include the events of tally itself",
                             .group = kScripts},
                            [tracers] {
                                for (TracerRequest* each : tracers) {
                                    each->own_events = true;
                                }
                            }),
            parser.add_value({.names = "--ring-size",
                              .value = "SIZE",
                              .description = fmt::format(
                                  "{}size of the kernel buffer for unread events (default: {}M)",
                                  when, kRingSize >> 20),
                              .group = kScripts},
                             nullptr, [tracers](const std::string& word) {
                                 for (TracerRequest* each : tracers) {
                                     each->ring_size = ring_size_of(word);
                                 }
                             })};
}

void add_target(Parser& parser, TargetRequest& target) {
    const char* group =
        "Filters (repeat one to match any of its values; different ones must all match)";
    parser.add_values({.names = "-c,--container",
                       .value = "CONTAINER",
                       .description = "container name, prefix of its id, pod, NAMESPACE/POD, or a "
                                      "pattern with * ? []",
                       .group = group},
                      false, target.containers);
    parser.add_flag({.names = "--wait",
                     .description = "with -c: the container may start later; it is measured "
                                    "from its first instruction",
                     .group = group},
                    target.wait);
    parser.add_values(
        {.names = "--cgroup",
         .value = "PATH",
         .description = "a cgroup and all cgroups below it; with -c, either may match",
         .group = group},
        false, target.cgroups);
    const auto add_threads = [&](const OptionText& text, std::vector<std::uint32_t>& numbers) {
        parser.add_values(text, false, number(1U, 1U << 22, "a number"),  // PID_MAX_LIMIT
                          [&numbers](const std::vector<std::string>& words) {
                              for (const std::string& word : words) {
                                  numbers.push_back(*number_of<std::uint32_t>(word));
                              }
                          });
    };
    add_threads({.names = "-p,--pid",
                 .value = "PID",
                 .description = "process id, as the host numbers it",
                 .group = group},
                target.pids);
    add_threads({.names = "-t,--tid",
                 .value = "TID",
                 .description = "thread id, as the host numbers it",
                 .group = group},
                target.tids);
    parser.add_values({.names = "--comm",
                       .value = "NAME",
                       .description = "threads with this name (its first 15 bytes count)",
                       .group = group},
                      false, target.comms);
}

/// Checks options against each other. Throws UsageError.
void check_together(const Request& request, bool tells_events,
                    const std::vector<Parser::Option>& for_text,
                    const std::vector<Parser::Option>& for_events) {
    const auto is_given = [](const Parser::Option& each) { return each.is_given(); };
    if (request.format != Format::text && std::any_of(for_text.begin(), for_text.end(), is_given)) {
        throw UsageError(
            "--view, --top and --min-count apply only to text: leave them out with json and csv");
    }
    if (!tells_events && std::any_of(for_events.begin(), for_events.end(), is_given)) {
        throw UsageError("--own-events and --ring-size apply only to events: add --events");
    }
    if (request.tracers.size() > 1 && request.format == Format::csv &&
        !(request.output_file && is_output_folder(*request.output_file))) {
        throw UsageError("CSV of several tools takes a file for each: -O DIR/ writes DIR/TOOL.csv");
    }
    if (request.probe_plan && request.format == Format::csv) {
        throw UsageError("--probe-plan has only text and json");
    }
    if (request.probe_plan && request.output_file && is_output_folder(*request.output_file)) {
        throw UsageError("--probe-plan writes one file: give -O a file, not a directory");
    }
    if (request.target.wait && request.target.containers.empty()) {
        throw UsageError("--wait needs a container: name it with -c");
    }
    check_ready_fd(request.ready_fd);
}

/// Whether this run reports single events, on which the other options depend.
bool wants_events(const TracerSchema& schema, const std::vector<std::string>& arguments) {
    return !schema.events.empty() &&
           (!schema.has_both() ||
            std::find(arguments.begin(), arguments.end(), "--events") != arguments.end());
}

/// The names of all tools together: "runqlat,syslat".
std::string names_of(std::span<const ChosenTool> tools) {
    std::vector<std::string> names;
    for (const ChosenTool& each : tools) {
        names.push_back(escape_text(each.tool.name));
    }
    return fmt::format("{}", fmt::join(names, ","));
}

Parser make_parser(std::span<const ChosenTool> tools, bool tells_events) {
    // An object from a file holds texts that others wrote.
    std::string text;
    for (const ChosenTool& each : tools) {
        text +=
            fmt::format("{}: {}\n", escape_text(each.tool.name), escape_text(each.schema.summary));
    }
    const Tool& first = tools.front().tool;
    const bool is_one = tools.size() == 1;
    if (is_one && !first.description.empty()) {
        text += "\n" + wrap(first.description, kHelpWidth, 0) + "\n";
    }
    return Parser(
        "tally", text,
        fmt::format("Usage: tally {} [OPTIONS] {}[-- COMMAND ...]",
                    is_one && !first.command.empty() ? escape_text(first.command) : names_of(tools),
                    tells_events ? "" : "[INTERVAL [COUNT]] "),
        footer(is_one ? first.examples : std::vector<Tool::Example>{}));
}

/// [INTERVAL [COUNT]]
void add_intervals(Parser& parser, Request& request) {
    parser.add_value(
        {.names = "INTERVAL",
         .description = "seconds between two reports (default: one report, at the end)"},
        number(kShortest, kLongest, "a number of seconds"), [&request](const std::string& word) {
            request.interval = Seconds(*number_of<double>(word));
        });
    add_number(parser, {.names = "COUNT", .description = "stop after COUNT intervals"},
               std::uint64_t{1}, std::uint64_t{1} << 62, "a number", request.count);
}

void add_max_keys(Parser& parser, const std::vector<std::size_t>& measuring, Request& request) {
    parser.add_value(
        {.names = "--max-keys",
         .value = "N",
         .description = "how many distinct keys to keep (default: what fits in 12 MiB, "
                        "or in 23 MiB with keys of the tool's own)",
         .group = kScripts},
        number(1U, 100'000U, "a number"), [measuring, &request](const std::string& word) {
            for (const std::size_t each : measuring) {
                request.tracers[each].max_keys = number_of<std::uint32_t>(word);
            }
        });
}

void add_run_options(Parser& parser, Request& request) {
    add_hierarchy(parser, request.hierarchy);
    add_ready_fd(parser, request.ready_fd);
    add_keep_privileges(parser, request.keep_privileges);
    parser.add_flag({.names = "--probe-plan",
                     .description = "print the kernel hooks it would attach to, and why, then exit",
                     .group = kScripts},
                    request.probe_plan);
    parser.add_flag({.names = "-v,--verbose",
                     .description = "log each step and the full verifier output",
                     .group = kScripts},
                    request.verbose);
}

void add_output_file(Parser& parser, Request& request) {
    parser.add_value({.names = "-O,--output-file",
                      .value = "FILE",
                      .description = request.tracers.size() == 1
                                         ? "write to FILE instead of stdout"
                                         : "write to FILE instead of stdout; DIR/: a file for each "
                                           "tool in that folder",
                      .group = "Output"},
                     request.output_file);
}

/// Which tools do what in this run.
struct Roles {
    std::vector<std::size_t> measuring;         ///< indices of those that aggregate by key
    std::vector<TracerRequest*> having_events;  ///< those that can report events
    bool any_both = false;                      ///< one of them has the choice
    bool any_histogram = false;                 ///< of those that aggregate
};

Roles find_roles(std::span<const ChosenTool> tools, const std::vector<std::string>& arguments,
                 Request& request) {
    Roles roles;
    for (std::size_t i = 0; i < tools.size(); ++i) {
        const TracerSchema& schema = tools[i].schema;
        if (!wants_events(schema, arguments)) {
            roles.measuring.push_back(i);
            roles.any_histogram = roles.any_histogram || !schema.histograms.empty();
        }
        if (!schema.events.empty()) {
            roles.having_events.push_back(&request.tracers[i]);
        }
        roles.any_both = roles.any_both || schema.has_both();
    }
    return roles;
}

}  // namespace

std::variant<Request, HelpText> parse_tool_arguments(std::span<const ChosenTool> tools,
                                                     std::vector<std::string> arguments) {
    Request request;
    request.tracers.resize(tools.size());
    request.command = take_command(arguments);
    const Roles roles = find_roles(tools, arguments, request);
    const bool tells_events = roles.measuring.empty();
    Parser parser = make_parser(tools, tells_events);

    if (tells_events) {
        refuse_reports(parser, names_of(tools), roles.any_both);
    } else {
        add_intervals(parser, request);
    }
    add_duration(parser, request.duration);
    add_target(parser, request.target);
    if (!tells_events) {
        add_by(parser, tools, roles.measuring, request);
    }
    bool is_events_given = false;
    if (roles.any_both) {
        parser.add_flag({.names = "--events",
                         .description = "print each event instead of totals",
                         .group = "Output"},
                        is_events_given);
    }
    add_format(parser, request.format, kFormats);
    add_output_file(parser, request);
    std::vector<Parser::Option> for_text, for_events;
    if (!tells_events) {
        for_text = add_text_options(parser, request.text, roles.any_histogram);
    }
    parser.add_flag({.names = "--strict",
                     .description = "exit with status 3 if anything was lost",
                     .group = kScripts},
                    request.strict);
    const bool any_tells = roles.measuring.size() < tools.size();
    if (!roles.having_events.empty()) {
        for_events =
            add_event_options(parser, roles.having_events, any_tells ? "" : "with --events: ");
    }
    if (!tells_events) {
        add_max_keys(parser, roles.measuring, request);
    }
    add_run_options(parser, request);
    add_own_options(parser, tools, roles.measuring, request);

    const Tool& first = tools.front().tool;
    const std::optional<HelpText> text = parser.parse(
        arguments, first.command.empty() ? "tally help " + names_of(tools)
                                         : fmt::format("tally {} --help", first.command));
    if (text) {
        return *text;
    }
    for (std::size_t i = 0; i < tools.size(); ++i) {
        request.tracers[i].tells_events = is_events_given && tools[i].schema.has_both();
    }
    check_together(request, any_tells, for_text, for_events);
    complete_by(tools, roles.measuring, request);
    describe_terminal(request, request.text);
    return request;
}

std::variant<Request, HelpText> parse_tool_arguments(const Tool& tool, const TracerSchema& schema,
                                                     std::vector<std::string> arguments) {
    const ChosenTool only{tool, schema};
    return parse_tool_arguments(std::span(&only, 1), std::move(arguments));
}

}  // namespace tally
