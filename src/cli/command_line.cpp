// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The only file that includes CLI11: it costs ten seconds of compiler time.
#include "cli/command_line.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <span>
#include <string_view>

#include "cli/completion.h"
#include "collect/grouping.h"
#include "host/call_values.h"
#include "host/system_calls.h"
#include "output/escape.h"
#include "output/messages.h"
#include "tracer/tracer.h"
#include "util/error.h"

namespace tally {
namespace {

constexpr double kShortest = 0.001;  // seconds
constexpr double kLongest = 1e8;     // three years; what a timer takes

constexpr const char* kScripts = "For scripts and for trouble";

constexpr std::size_t kHelpWidth = 100;
constexpr std::size_t kHelpColumn = 30;  // where descriptions begin

/// Breaks text between words; every line but the first begins with `indent` blanks.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
    std::string wrapped;
    std::size_t used = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const std::string_view word = text.substr(at, end - at);
        if (used != 0 && used + 1 + word.size() > width) {
            wrapped += "\n" + std::string(indent, ' ');
            used = 0;
        } else if (used != 0) {
            wrapped += ' ';
            ++used;
        }
        wrapped += word;
        used += word.size();
        at = end + 1;
    }
    return wrapped;
}

/// What CLI11 calls the type of an option's value is what the help calls it, and behind a colon the
/// words that suggested() was given.
std::pair<std::string, std::vector<std::string>> value_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const std::size_t colon = type.find(':');
    return {type.substr(0, colon), colon == std::string::npos
                                       ? std::vector<std::string>()
                                       : CLI::detail::split(type.substr(colon + 1), '|')};
}

/// CLI11's help with a usage line of our own (2.1 cannot set one) and lines of a bounded length.
class HelpFormatter : public CLI::Formatter {
  public:
    explicit HelpFormatter(std::string usage) : usage_(std::move(usage)) {}

    std::string make_usage(const CLI::App*, std::string) const override { return usage_ + "\n"; }

    std::string make_option(const CLI::Option* option, bool positional) const override {
        std::string name = positional ? option->get_option_text() : option->get_name(false, true);
        for (std::size_t comma = name.find(','); comma != std::string::npos;
             comma = name.find(',', comma + 2)) {
            name.insert(comma + 1, 1, ' ');
        }
        if (!positional && option->get_expected_max() > 0) {
            name += " " + value_of(*option).first;
        }
        const std::string left = "  " + name;
        const std::string gap = left.size() + 2 > kHelpColumn
                                    ? "\n" + std::string(kHelpColumn, ' ')
                                    : std::string(kHelpColumn - left.size(), ' ');
        return left + gap + wrap(option->get_description(), kHelpWidth - kHelpColumn, kHelpColumn) +
               "\n";
    }

  private:
    std::string usage_;
};

/// Accepts a number from `least` to `most`, and says so of anything else. (CLI11's own ranges are
/// listed in the help, bounds and all, and let nan pass.)
template <typename Number>
CLI::Validator number(Number least, Number most, const std::string& what) {
    return CLI::Validator(
        [=](const std::string& text) -> std::string {
            Number value{};
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value);
            if (error == std::errc() && end == text.data() + text.size() && value >= least &&
                value <= most) {
                return "";
            }
            return fmt::format("'{}' is not {} from {} to {}", text, what, least, most);
        },
        "");
}

/// Accepts anything; completion offers these words.
CLI::Validator suggested(const std::vector<std::string>& words) {
    return CLI::Validator([](const std::string&) { return std::string(); },
                          fmt::format("{}", fmt::join(words, "|")));
}

CLI::Validator one_of(const std::vector<std::string>& words) {
    return suggested(words).operation([=](const std::string& text) -> std::string {
        if (std::find(words.begin(), words.end(), text) != words.end()) {
            return "";
        }
        return fmt::format("'{}' is not one of {}", text, fmt::join(words, ", "));
    });
}

/// What CLI11 says, as one sentence.
std::string sentence(const CLI::ParseError& error) {
    std::string text = error.what();
    for (char& each : text) {
        if (each == '\n') {
            each = ' ';
        }
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '.')) {
        text.pop_back();
    }
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' &&
        !(text[1] >= 'A' && text[1] <= 'Z')) {  // INTERVAL stays
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    }
    return text;
}

/// The options, for completion.
std::vector<OptionWords> words_of(const CLI::App& app) {
    std::vector<OptionWords> all;
    for (const CLI::Option* each : app.get_options()) {
        if (each->get_group().empty()) {
            continue;  // refuse_reports()
        }
        OptionWords words;
        for (const std::string& name : each->get_snames()) {
            words.names.push_back("-" + name);
        }
        for (const std::string& name : each->get_lnames()) {
            words.names.push_back("--" + name);
        }
        if (each->get_expected_max() > 0) {
            std::tie(words.value, words.choices) = value_of(*each);
        }
        words.takes_list = each->get_delimiter() == ',';
        words.description = each->get_description();
        all.push_back(std::move(words));
    }
    return all;
}

template <typename Parsed>
std::variant<Parsed, HelpText> run_parser(CLI::App& app, Parsed& parsed, const std::string& help,
                                          std::vector<std::string> arguments) {
    if (!arguments.empty() && arguments.front() == kComplete) {
        return HelpText{complete_arguments(words_of(app), std::span(arguments).subspan(1))};
    }
    try {
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants a vector
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        return HelpText{app.help()};
    } catch (const CLI::ParseError& error) {
        throw UsageError("{}; '{}' lists the options", sentence(error), help);
    }
    return std::move(parsed);
}

/// `formats` are constants: the option remembers where they are.
CLI::Option* add_format(CLI::App& app, Format& format, std::span<const FormatName> formats) {
    std::vector<std::string> words, meanings;
    for (const FormatName& each : formats) {
        words.emplace_back(each.word);
        meanings.push_back(each.meaning.empty() ? words.back()
                                                : fmt::format("{} ({})", each.word, each.meaning));
    }
    app.add_flag_callback(
           "--json", [&format] { format = Format::json; }, "the same as --output json")
        ->group("Output");
    return app
        .add_option_function<std::string>(
            "-o,--output",
            [&format, formats](const std::string& word) {
                format = std::find_if(formats.begin(), formats.end(), [&](const FormatName& each) {
                             return each.word == word;
                         })->format;
            },
            fmt::format("{}: docs/output.md", fmt::join(meanings, ", ")))
        ->check(one_of(words))
        ->type_name("FORMAT")
        ->group("Output");
}

void add_hierarchy(CLI::App& app, std::optional<std::string>& hierarchy) {
    app.add_option(
           "--hierarchy", hierarchy,
           "cgroups of this one: unified (version 2), or pids, cpu, ... of version 1 (where "
           "containers live)")
        ->type_name("NAME")
        ->group(kScripts);
}

void add_ready_fd(CLI::App& app, std::optional<int>& ready_fd) {
    app.add_option("--ready-fd", ready_fd,
                   "write \"ready\" to this descriptor when all probes are attached")
        ->check(number(3, 1 << 20, "a descriptor"))
        ->type_name("FD")
        ->group(kScripts);
}

void add_keep_privileges(CLI::App& app, bool& keep_privileges) {
    app.add_flag("--keep-privileges", keep_privileges,
                 "do not give up what only the start needs (see docs/privileges.md)")
        ->group(kScripts);
}

/// Throws UsageError.
void check_ready_fd(const std::optional<int>& ready_fd) {
    if (ready_fd && ::fcntl(*ready_fd, F_GETFD) < 0) {
        throw UsageError("--ready-fd {}: there is no such open descriptor", *ready_fd);
    }
}

CLI::Option* add_duration(CLI::App& app, double& duration) {
    return app.add_option("-d,--duration", duration, "end after so many seconds")
        ->check(number(kShortest, kLongest, "a number of seconds"))
        ->type_name("SECONDS");
}

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
        throw UsageError("which command? Behind '--' comes one that is to be run and measured");
    }
    arguments.erase(dashes, arguments.end());
    return command;
}

std::string footer(const Tool& tool) {
    std::string text =
        "COMMAND:\n  " +
        wrap(
            "Behind -- comes a command to be run: it is measured from its exec on, with all "
            "threads and processes that come of it, and nothing else. Its stdout goes to stderr, "
            "unless -O is given. The run ends with the command and has its exit status; a run that "
            "ends before ends the command.",
            kHelpWidth - 2, 2) +
        "\n" + (tool.examples.empty() ? "" : "\nExamples:\n");
    for (const Tool::Example& each : tool.examples) {
        text += fmt::format("  {}\n      {}\n", each.command, each.meaning);
    }
    return text;
}

/// Adds what `word` means as a value of a selection.
void select(const SelectionSchema& selection, const std::string& word,
            std::vector<std::uint64_t>& values) {
    if (selection.type == SemanticType::syscall) {
        const std::vector<std::uint32_t> numbers = syscall_numbers(word);
        if (numbers.empty()) {
            throw UsageError("--{} {}: there is no such system call", selection.name, word);
        }
        values.insert(values.end(), numbers.begin(), numbers.end());
        return;
    }
    if (selection.type == SemanticType::signal) {
        const std::uint32_t number = signal_number(word);
        if (number == 0) {
            throw UsageError("--{} {}: there is no such signal", selection.name, word);
        }
        values.push_back(number);
        return;
    }
    if (selection.type == SemanticType::enumeration) {
        std::vector<std::string> known;
        for (const auto& [value, name] : selection.names) {
            if (name == word) {
                values.push_back(static_cast<std::uint32_t>(value));
                return;
            }
            known.push_back(name);
        }
        throw UsageError("--{} {}: there is no such {}; there are {}", selection.name, word,
                         selection.name, fmt::join(known, ", "));
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() ||
        (selection.size < 8 && value >> (8 * selection.size) != 0)) {
        throw UsageError("--{} {}: that is not a number, or too large", selection.name, word);
    }
    values.push_back(value);
}

/// What makes no sense where events are told one by one: not in the help, and refused in one
/// sentence.
void refuse_reports(CLI::App& app, const std::string& tool, bool has_both) {
    const auto refuse = [=](const std::string&) -> std::string {
        throw UsageError(
            "{} tells events one by one: INTERVAL, COUNT, --by, --view, --top, --min-count and "
            "--max-keys are for {}",
            has_both ? tool + " --events" : tool,
            has_both ? "a run without --events" : "tools that count or measure");
    };
    for (const char* each : {"INTERVAL", "--by", "--view", "--top", "--min-count", "--max-keys"}) {
        app.add_option_function<std::string>(each, refuse)->group("");
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

/// An option that the tool declares.
CLI::Option* add_own_option(CLI::App& app, const OptionSchema& option, Request& request) {
    const std::string help = escape_text(option.help);
    const std::string variable = option.variable;
    if (option.is_flag) {
        return app.add_flag_callback(
            "--" + option.name, [&request, variable] { request.options[variable] = 1; }, help);
    }
    return app
        .add_option_function<std::uint64_t>(
            "--" + option.name,
            [&request, variable](std::uint64_t value) { request.options[variable] = value; },
            fmt::format("{} ({})", help, option.initial))
        ->check(number(std::uint64_t{0}, option.largest, "a number"))
        ->type_name("N");
}

/// A selection that the tool declares.
CLI::Option* add_own_option(CLI::App& app, const SelectionSchema& selection, Request& request) {
    return app
        .add_option_function<std::vector<std::string>>(
            (selection.letter.empty() ? "" : "-" + selection.letter + ",") + "--" + selection.name,
            [&](const std::vector<std::string>& words) {
                for (const std::string& word : words) {
                    select(selection, word, request.selections[selection.set]);
                }
            },
            escape_text(selection.help))
        ->type_name(selection.type == SemanticType::syscall  ? "CALL"
                    : selection.type == SemanticType::signal ? "SIGNAL"
                    : selection.names.empty()                ? "N"
                                                             : "NAME")
        ->delimiter(',')
        ->allow_extra_args(false);
}

/// A choice that the tool declares.
CLI::Option* add_own_option(CLI::App& app, const ChoiceSchema& choice, Request& request) {
    std::vector<std::string>& values = request.choices[choice.name];
    return app
        .add_option("--" + choice.name, values,
                    fmt::format("{}: {} (all that are here)", escape_text(choice.help),
                                escape_text(fmt::format("{}", fmt::join(choice.values, ", ")))))
        ->check(one_of(choice.values))
        ->type_name("NAME")
        ->delimiter(',')
        ->allow_extra_args(false);
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

void add_by(CLI::App& app, const TracerSchema& schema, std::vector<std::string>& by) {
    const std::vector<std::string> choices = Grouping::choices(*schema.slots().front());
    app.add_option("--by", by,
                   fmt::format("what makes a row: {}; several with commas ({})",
                               fmt::join(choices, ", "), fmt::join(default_by(schema), ",")))
        ->check(suggested(choices))
        ->delimiter(',')
        ->type_name("KEY[,KEY]")
        ->allow_extra_args(false)
        ->group("Output");
}

/// The options that only text takes into account.
std::vector<CLI::Option*> add_text_options(CLI::App& app, TextOptions& text, bool has_views) {
    std::vector<CLI::Option*> all;
    if (has_views) {
        all.push_back(app.add_option_function<std::string>(
                             "--view",
                             [&](const std::string& word) {
                                 text.view = word == "bars" ? View::bars : View::table;
                             },
                             "bars (a diagram each, the default up to three rows) or table")
                          ->check(one_of({"bars", "table"}))
                          ->type_name("VIEW")
                          ->group("Output"));
    }
    all.push_back(app.add_option("--top", text.top, "at most so many rows, the worst; 0 shows all")
                      ->check(number<std::size_t>(0, std::size_t{1} << 32, "a number"))
                      ->type_name("N")
                      ->group("Output"));
    all.push_back(app.add_option("--min-count", text.min_count, "leave out rows of fewer values")
                      ->check(number<std::uint64_t>(0, ~0ULL, "a number"))
                      ->type_name("N")
                      ->group("Output"));
    return all;
}

/// `when` goes before what they do.
std::vector<CLI::Option*> add_event_options(CLI::App& app, Request& request,
                                            const std::string& when) {
    return {app.add_flag("--own-events", request.own_events,
                         when + "tell the events of tally itself too")
                ->group(kScripts),
            app.add_option_function<std::string>(
                   "--ring-size",
                   [&](const std::string& word) { request.ring_size = ring_size_of(word); },
                   fmt::format("{}room in the kernel for events that were not read yet ({}M)", when,
                               kRingSize >> 20))
                ->type_name("SIZE")
                ->group(kScripts)};
}

/// Whether this run tells events one by one: what else there is to be said depends on it.
bool wants_events(const TracerSchema& schema, const std::vector<std::string>& arguments) {
    return !schema.events.empty() &&
           (!schema.has_both() ||
            std::find(arguments.begin(), arguments.end(), "--events") != arguments.end());
}

}  // namespace

std::variant<Request, HelpText> parse_tool_arguments(const Tool& tool, const TracerSchema& schema,
                                                     std::vector<std::string> arguments) {
    Request request;
    request.command = take_command(arguments);
    // What an object from a file says of itself comes from others.
    const std::string tool_name = escape_text(tool.name);
    CLI::App app(
        fmt::format(
            "{}: {}\n{}", tool_name, escape_text(schema.summary),
            tool.description.empty() ? "" : "\n" + wrap(tool.description, kHelpWidth, 0) + "\n"),
        "tally");
    const bool tells_events = wants_events(schema, arguments);
    app.formatter(std::make_shared<HelpFormatter>(
        fmt::format("Usage: tally {} [OPTIONS] {}[-- COMMAND ...]",
                    tool.command.empty() ? tool_name : escape_text(tool.command),
                    tells_events ? "" : "[INTERVAL [COUNT]] ")));
    app.set_help_flag("-h,--help", "this text");
    app.footer(footer(tool));
    app.allow_windows_style_options(false);

    double interval = 0;
    double duration = 0;
    if (tells_events) {
        refuse_reports(app, tool_name, schema.has_both());
    } else {
        app.add_option("INTERVAL", interval,
                       "seconds between two reports; without it there is one, at the end")
            ->check(number(kShortest, kLongest, "a number of seconds"))
            ->option_text("INTERVAL");
        app.add_option("COUNT", request.count, "end after so many intervals")
            ->check(number<std::uint64_t>(1, std::uint64_t{1} << 62, "a number"))
            ->option_text("COUNT");
    }
    CLI::Option* with_duration = add_duration(app, duration);

    const char* target = "Whom to measure (one option twice: either; different options: both)";
    app.add_option("-c,--container", request.target.containers,
                   "container name, start of its id, pod, NAMESPACE/POD, or a pattern with * ? []")
        ->type_name("CONTAINER")
        ->allow_extra_args(false)
        ->group(target);
    app.add_flag("--wait", request.target.wait,
                 "with -c: the container need not exist yet; it is measured from its first "
                 "instruction")
        ->group(target);
    app.add_option("--cgroup", request.target.cgroups, "a cgroup with all below it")
        ->type_name("PATH")
        ->allow_extra_args(false)
        ->group(target);
    const CLI::Validator thread_numbers = number(1U, 1U << 22, "a number");  // PID_MAX_LIMIT
    app.add_option("-p,--pid", request.target.pids, "a process, as the host numbers it")
        ->check(thread_numbers)
        ->type_name("PID")
        ->allow_extra_args(false)
        ->group(target);
    app.add_option("-t,--tid", request.target.tids, "a thread, as the host numbers it")
        ->check(thread_numbers)
        ->type_name("TID")
        ->allow_extra_args(false)
        ->group(target);
    app.add_option("--comm", request.target.comms, "threads of this name (15 bytes count)")
        ->type_name("NAME")
        ->allow_extra_args(false)
        ->group(target);

    if (!tells_events) {
        check_default_by(schema, tool_name);
        add_by(app, schema, request.by);
    }
    if (schema.has_both()) {
        app.add_flag("--events", request.tells_events,
                     "tell of each, one by one, instead of summing up")
            ->group("Output");
    }
    add_format(app, request.format, kFormats);
    app.add_option("-O,--output-file", request.output_file, "write there instead of to stdout")
        ->type_name("FILE")
        ->group("Output");
    const std::vector<CLI::Option*> for_text =
        tells_events ? std::vector<CLI::Option*>()
                     : add_text_options(app, request.text, !schema.histograms.empty());

    app.add_flag("--strict", request.strict, "exit status 3 if anything was lost")->group(kScripts);
    std::vector<CLI::Option*> for_events;
    if (!schema.events.empty()) {
        for_events = add_event_options(app, request, tells_events ? "" : "with --events: ");
    }
    if (!tells_events) {
        app.add_option("--max-keys", request.max_keys,
                       "room for so many keys, each on every CPU of up to 8 (what fits in 12 MiB; "
                       "where keys have parts of the tool's own, 23 MiB)")
            ->check(number(1U, 100'000U, "a number"))
            ->type_name("N")
            ->group(kScripts);
    }
    add_hierarchy(app, request.hierarchy);
    add_ready_fd(app, request.ready_fd);
    add_keep_privileges(app, request.keep_privileges);
    app.add_flag("--probe-plan", request.probe_plan,
                 "say which hooks of the kernel it would use, and why, and do no more")
        ->group(kScripts);
    app.add_flag("-v,--verbose", request.verbose, "say what is done, and all that the kernel says")
        ->group(kScripts);

    const auto add_own = [&](const auto& option) {
        try {
            add_own_option(app, option, request)->group(fmt::format("Options of {}", tool_name));
        } catch (const CLI::ConstructionError&) {
            throw Error("{}: its option cannot be called '{}'; is there a common one of that name?",
                        tool.name, option.name);
        }
    };
    for (const OptionSchema& each : schema.options) {
        add_own(each);
    }
    for (const SelectionSchema& each : schema.selections) {
        add_own(each);
    }
    for (const ChoiceSchema& each : schema.choices) {
        add_own(each);
    }

    auto parsed = run_parser(app, request,
                             tool.command.empty() ? fmt::format("tally help {}", tool.name)
                                                  : fmt::format("tally {} --help", tool.command),
                             arguments);
    if (Request* result = std::get_if<Request>(&parsed)) {
        const auto is_given = [](const CLI::Option* each) { return each->count() != 0; };
        if (result->format != Format::text &&
            std::any_of(for_text.begin(), for_text.end(), is_given)) {
            throw UsageError(
                "--view, --top and --min-count are for text: leave them out with json and csv");
        }
        if (!tells_events && std::any_of(for_events.begin(), for_events.end(), is_given)) {
            throw UsageError("--own-events and --ring-size are about events: they need --events");
        }
        if (result->probe_plan && result->format == Format::csv) {
            throw UsageError("--probe-plan is text or json");
        }
        if (result->target.wait && result->target.containers.empty()) {
            throw UsageError("--wait waits for a container: name it with -c");
        }
        if (interval != 0) {
            result->interval = Seconds(interval);
        }
        if (*with_duration) {
            result->duration = Seconds(duration);
        }
        check_ready_fd(result->ready_fd);
        if (result->by.empty()) {
            result->by = default_by(schema);
        }
        for (const SlotsSchema* each : schema.slots()) {
            Grouping(result->by, *each);  // throws for a word that is none of its keys
        }
        describe_terminal(*result, result->text);
    }
    return parsed;
}

std::variant<ListingRequest, HelpText> parse_listing_arguments(
    const std::string& command, const std::vector<std::string>& arguments) {
    ListingRequest request;
    CLI::App app(command == "doctor"
                     ? "Whether tally and each of its tools run here, and what would help (status "
                       "1 if one does not)"
                     : "The containers that run here: name, id, runtime, pod, cgroup, processes",
                 "tally " + command);
    app.formatter(
        std::make_shared<HelpFormatter>(fmt::format("Usage: tally {} [OPTIONS]", command)));
    app.set_help_flag("-h,--help", "this text");
    add_format(app, request.format, kListingFormats);
    add_hierarchy(app, request.hierarchy);
    app.add_flag("-v,--verbose", request.verbose, "say all that the kernel says");
    if (command != "containers") {
        return run_parser(app, request, "tally help " + command, arguments);
    }
    app.add_flag("-w,--watch", request.watch,
                 "go on: say which containers come, get another name and go");
    double duration = 0;
    const CLI::Option* with_duration = add_duration(app, duration);
    add_ready_fd(app, request.ready_fd);
    add_keep_privileges(app, request.keep_privileges);
    auto parsed = run_parser(app, request, "tally help " + command, arguments);
    if (auto* result = std::get_if<ListingRequest>(&parsed)) {
        if (*with_duration) {
            result->duration = Seconds(duration);
        }
        if (!result->watch && (result->duration || result->ready_fd || result->keep_privileges)) {
            throw UsageError("-d, --ready-fd and --keep-privileges are for --watch");
        }
        check_ready_fd(result->ready_fd);
    }
    return parsed;
}

}  // namespace tally
