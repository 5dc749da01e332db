// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "cli/command_line.h"
#include "cli/common_options.h"
#include "cli/completion.h"
#include "cli/help_text.h"
#include "cli/own_options.h"
#include "collect/grouping.h"
#include "output/escape.h"
#include "output/messages.h"
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

/// Takes "--" and what follows out of `arguments`. (Where they are completed it may be the
/// beginning of an option.)
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

std::string footer(const Tool& tool) {
    std::string text =
        "COMMAND:\n  " +
        wrap(
            "Runs COMMAND and measures nothing but COMMAND, from its exec on, with all of its "
            "threads and descendants. Its stdout goes to stderr, unless -O is given. The run ends "
            "with COMMAND and has its exit status; a run that ends earlier ends COMMAND too.",
            kHelpWidth - 2, 2) +
        "\n" + (tool.examples.empty() ? "" : "\nExamples:\n");
    for (const Tool::Example& each : tool.examples) {
        text += fmt::format("  {}\n      {}\n", each.command, each.meaning);
    }
    return text;
}

/// What makes no sense where events are told one by one: not in the help, and refused in one
/// sentence.
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

/// The size of a ring: bytes with K or M behind, which the kernel wants to be a power of two.
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
            "--ring-size {}: it is a power of two from 4K to 1024M, written as 512K or 16M", word);
    }
    return static_cast<std::uint32_t>(size);
}

std::vector<std::string> default_by(const TracerSchema& schema) {
    return schema.by.empty() ? std::vector<std::string>{"container"} : schema.by;
}

/// Throws Error for a BY() of the object that names no key: that is not what was typed.
void check_default_by(const TracerSchema& schema, const std::string& tool) {
    try {
        for (const SlotsSchema* each : schema.slots()) {
            Grouping(default_by(schema), *each);
        }
    } catch (const UsageError& error) {
        throw Error("{}: its BY() is wrong, as if typed: {}", tool, error.what());
    }
}

void add_by(Parser& parser, const TracerSchema& schema, std::vector<std::string>& by) {
    const std::vector<std::string> choices = Grouping::choices(*schema.slots().front());
    parser.add_values({.names = "--by",
                       .value = "KEY[,KEY]",
                       .description = fmt::format(
                           "what makes a row: {}; separate several with commas (default: {})",
                           fmt::join(choices, ", "), fmt::join(default_by(schema), ",")),
                       .group = "Output",
                       .choices = choices},
                      true, by);
}

/// The options that only text takes into account.
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

/// `when` goes before what they do.
std::vector<Parser::Option> add_event_options(Parser& parser, Request& request,
                                              const std::string& when) {
    return {parser.add_flag({.names = "--own-events",
                             .description = when + "include the events of tally itself",
                             .group = kScripts},
                            request.own_events),
            parser.add_value(
                {.names = "--ring-size",
                 .value = "SIZE",
                 .description = fmt::format(
                     "{}size of the kernel buffer for events not read yet (default: {}M)", when,
                     kRingSize >> 20),
                 .group = kScripts},
                nullptr, [&](const std::string& word) { request.ring_size = ring_size_of(word); })};
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
    parser.add_values({.names = "--cgroup",
                       .value = "PATH",
                       .description = "a cgroup and all cgroups below it; beside -c: either",
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

/// What options mean together. Throws UsageError.
void check_together(const Request& request, bool tells_events,
                    const std::vector<Parser::Option>& for_text,
                    const std::vector<Parser::Option>& for_events) {
    const auto is_given = [](const Parser::Option& each) { return each.is_given(); };
    if (request.format != Format::text && std::any_of(for_text.begin(), for_text.end(), is_given)) {
        throw UsageError(
            "--view, --top and --min-count are for text: leave them out with json and csv");
    }
    if (!tells_events && std::any_of(for_events.begin(), for_events.end(), is_given)) {
        throw UsageError("--own-events and --ring-size are about events: they need --events");
    }
    if (request.probe_plan && request.format == Format::csv) {
        throw UsageError("--probe-plan is text or json");
    }
    if (request.target.wait && request.target.containers.empty()) {
        throw UsageError("--wait waits for a container: name it with -c");
    }
    check_ready_fd(request.ready_fd);
}

/// Whether this run tells events one by one: what else there is to be said depends on it.
bool wants_events(const TracerSchema& schema, const std::vector<std::string>& arguments) {
    return !schema.events.empty() &&
           (!schema.has_both() ||
            std::find(arguments.begin(), arguments.end(), "--events") != arguments.end());
}

Parser make_parser(const Tool& tool, const TracerSchema& schema, bool tells_events) {
    // What an object from a file says of itself comes from others.
    const std::string tool_name = escape_text(tool.name);
    return Parser(
        "tally",
        fmt::format(
            "{}: {}\n{}", tool_name, escape_text(schema.summary),
            tool.description.empty() ? "" : "\n" + wrap(tool.description, kHelpWidth, 0) + "\n"),
        fmt::format("Usage: tally {} [OPTIONS] {}[-- COMMAND ...]",
                    tool.command.empty() ? tool_name : escape_text(tool.command),
                    tells_events ? "" : "[INTERVAL [COUNT]] "),
        footer(tool));
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

void add_max_keys(Parser& parser, Request& request) {
    add_number(parser,
               {.names = "--max-keys",
                .value = "N",
                .description = "how many distinct keys to keep (default: what fits in 12 MiB, or "
                               "in 23 MiB with keys of the tool's own)",
                .group = kScripts},
               1U, 100'000U, "a number", request.max_keys);
}

}  // namespace

std::variant<Request, HelpText> parse_tool_arguments(const Tool& tool, const TracerSchema& schema,
                                                     std::vector<std::string> arguments) {
    Request request;
    request.command = take_command(arguments);
    const std::string tool_name = escape_text(tool.name);
    const bool tells_events = wants_events(schema, arguments);
    Parser parser = make_parser(tool, schema, tells_events);

    if (tells_events) {
        refuse_reports(parser, tool_name, schema.has_both());
    } else {
        add_intervals(parser, request);
    }
    add_duration(parser, request.duration);
    add_target(parser, request.target);
    if (!tells_events) {
        check_default_by(schema, tool_name);
        add_by(parser, schema, request.by);
    }
    if (schema.has_both()) {
        parser.add_flag({.names = "--events",
                         .description = "print each event instead of totals",
                         .group = "Output"},
                        request.tells_events);
    }
    add_format(parser, request.format, kFormats);
    parser.add_value({.names = "-O,--output-file",
                      .value = "FILE",
                      .description = "write to FILE instead of stdout",
                      .group = "Output"},
                     request.output_file);
    std::vector<Parser::Option> for_text, for_events;
    if (!tells_events) {
        for_text = add_text_options(parser, request.text, !schema.histograms.empty());
    }
    parser.add_flag({.names = "--strict",
                     .description = "exit with status 3 if anything was lost",
                     .group = kScripts},
                    request.strict);
    if (!schema.events.empty()) {
        for_events = add_event_options(parser, request, tells_events ? "" : "with --events: ");
    }
    if (!tells_events) {
        add_max_keys(parser, request);
    }
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
    add_own_options(parser, tool, schema, tells_events, request);

    const std::optional<HelpText> text = parser.parse(
        arguments, tool.command.empty() ? fmt::format("tally help {}", tool.name)
                                        : fmt::format("tally {} --help", tool.command));
    if (text) {
        return *text;
    }
    check_together(request, tells_events, for_text, for_events);
    if (request.by.empty()) {
        request.by = default_by(schema);
    }
    for (const SlotsSchema* each : schema.slots()) {
        Grouping(request.by, *each);  // throws for a word that is none of its keys
    }
    describe_terminal(request, request.text);
    return request;
}

}  // namespace tally
