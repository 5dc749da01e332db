// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "command_line_facts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string_view>

#include "program.h"
#include "tracer/registry.h"

namespace tally {
namespace {

using Lines = std::vector<std::string>;

/// Tried with each tool. Which of them is refused depends on what it does.
constexpr const char* kTried[] = {
    // INTERVAL and COUNT
    "1", "0", "one", "1 2", "1 2 3",
    // whom, and for how long
    "-d", "-d 0", "-d 1 -d 2", "-c web -c db", "--wait", "--wait -c web", "-p 0",
    "-p 1 -t 1 --comm it",
    // what makes a row
    "--by", "--by nonsense", "--by pid", "--by pid,comm", "--by pid,pid", "--by pid,none",
    // output
    "-o", "-o xml", "-o csv --json", "--view bars", "--view bars --json", "--top 1",
    "--top 1 -o csv", "--min-count -1",
    // events
    "--events", "--events --by pid", "--own-events", "--ring-size 4K", "--ring-size 5K",
    "--events --own-events --ring-size 4K",
    // the rest
    "--max-keys 9", "--ready-fd 1000000", "--strict --keep-privileges -v", "--probe-plan",
    "--probe-plan -o csv", "--", "-- true", "--nonsense"};

/// Tried with each command that is no tool; OBJECT is a BPF object that can be run.
constexpr const char* kTriedWithCommands[] = {"",
                                              "nonsense",
                                              "--nonsense",
                                              "--help",
                                              "-v",
                                              "--json",
                                              "-o",
                                              "-o json",
                                              "-o csv",
                                              "--hierarchy",
                                              "--watch",
                                              "-d 1",
                                              "--watch --ready-fd 1000000",
                                              "OBJECT",
                                              "OBJECT --nonsense",
                                              "OBJECT -d",
                                              "OBJECT --by nonsense",
                                              "OBJECT --events"};

/// The words of a command line, with a path for OBJECT.
Lines arguments_of(const std::string& line) {
    Lines words = words_of(line);
    std::replace(words.begin(), words.end(), std::string("OBJECT"),
                 std::string(TALLY_TEST_OBJECTS) + "/event_and_counts.bpf.o");
    return words;
}

/// An option of a help text.
struct Option {
    std::string text;     ///< "-c, --container CONTAINER"
    std::string name;     ///< "--container"
    std::string value;    ///< "CONTAINER"; empty: it takes none
    bool is_own = false;  ///< below "Options of TOOL:"
};

std::vector<Option> options_of(const std::string& help) {
    std::vector<Option> options;
    std::istringstream lines(help);
    bool is_own = false;
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty() && line.front() != ' ') {
            is_own = line.starts_with("Options of ");
        }
        if (!line.starts_with("  -")) {
            continue;
        }
        Option option{line.substr(2, line.find("  ", 2) - 2), "", "", is_own};
        for (const std::string& word : words_of(option.text)) {
            if (!word.starts_with('-')) {
                option.value = word;
            } else if (word.starts_with("--")) {
                option.name = word;
            }
        }
        options.push_back(std::move(option));
    }
    return options;
}

/// What completion offers for a value, where it could and where that depends neither on the machine
/// nor on libseccomp.
Lines choices_of(const Lines& command, const Option& option) {
    const std::set<std::string> of_words{"KEY[,KEY]", "FORMAT", "VIEW", "NAME"};
    if (!of_words.contains(option.value)) {
        return {};
    }
    Lines arguments{"__complete"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    arguments.insert(arguments.end(), {option.name, ""});
    std::istringstream offered(run_program(arguments).out);
    Lines choices;
    for (std::string line; std::getline(offered, line);) {
        choices.push_back(line.substr(0, line.find('\t')));
    }
    return choices;
}

/// "Usage: ..." and the options of a help text, sorted: their order is no promise.
void add_help(Lines& lines, const std::string& title, const Lines& command,
              const std::string& help) {
    std::vector<Option> options = options_of(help);
    std::sort(options.begin(), options.end(),
              [](const Option& one, const Option& other) { return one.name < other.name; });
    lines.push_back(fmt::format("\n[{}]", title));
    const std::size_t usage = help.find("Usage: ");
    if (usage != std::string::npos) {
        lines.push_back(help.substr(usage, help.find('\n', usage) - usage));
    }
    for (const Option& each : options) {
        const Lines choices = choices_of(command, each);
        lines.push_back(choices.empty()
                            ? each.text
                            : fmt::format("{}: {}", each.text, fmt::join(choices, " ")));
    }
}

std::string help_of(const Lines& arguments) {
    const Outcome help = run_program(arguments);
    EXPECT_EQ(help.status, 0) << fmt::format("{}", fmt::join(arguments, " ")) << help.errors;
    EXPECT_EQ(help.errors, "");
    return help.out;
}

/// Sorts command lines by what comes of them, one section each. `before` is what each begins with,
/// and is not said again.
class Tried {
  public:
    explicit Tried(std::string before) : before_(std::move(before)) {}

    void add(const std::string& line) {
        const Outcome outcome = run_program(arguments_of(before_ + line));
        const std::string told = line.empty() ? "(nothing)" : line;
        const bool is_one_sentence = outcome.out.empty() && !outcome.errors.empty() &&
                                     outcome.errors.find('\n') + 1 == outcome.errors.size();
        const bool is_doctor = line.starts_with("doctor");  // 1 where a tool does not run
        if (outcome.status == 0 || (outcome.status == 1 && is_doctor && !outcome.out.empty())) {
            answered_.push_back(told);
        } else if (outcome.status == 2 && is_one_sentence) {
            refused_.push_back(told);
        } else if (outcome.status == 1 && is_one_sentence) {
            taken_.push_back(told);
        } else {
            broken_.push_back(fmt::format("{}: status {}, stdout \"{}\", stderr \"{}\"", told,
                                          outcome.status, outcome.out, outcome.errors));
        }
    }

    /// "refused": status 2, one line on stderr, nothing on stdout. "taken": status 1, since it may
    /// not trace, with one line too. "answered": something is printed. Fails for all else.
    void add_to(Lines& lines) const {
        EXPECT_TRUE(broken_.empty()) << "neither refused in one line nor taken:\n"
                                     << fmt::format("{}", fmt::join(broken_, "\n"));
        add_section(lines, "refused", refused_);
        add_section(lines, "taken", taken_);
        add_section(lines, "answered", answered_);
    }

  private:
    static void add_section(Lines& lines, const std::string& title, const Lines& more) {
        if (!more.empty()) {
            lines.push_back(fmt::format("\n[{}]", title));
            lines.insert(lines.end(), more.begin(), more.end());
        }
    }

    std::string before_;
    Lines refused_, taken_, answered_, broken_;
};

/// The words that completion offers for the first one and that are no tools.
Lines commands() {
    Lines commands;
    std::istringstream offered(run_program({"__complete", ""}).out);
    for (std::string line; std::getline(offered, line);) {
        const std::string word = line.substr(0, line.find('\t'));
        if (find_tool(word) == nullptr) {
            commands.push_back(word);
        }
    }
    return commands;
}

}  // namespace

std::vector<std::string> command_line_facts(const std::string& tool) {
    Lines lines;
    const std::string help = help_of({"help", tool});
    EXPECT_EQ(help_of({tool, "--help"}), help);
    add_help(lines, "options", {tool}, help);
    const std::vector<Option> options = options_of(help);
    if (std::any_of(options.begin(), options.end(),
                    [](const Option& each) { return each.name == "--events"; })) {
        add_help(lines, "options --events", {tool, "--events"}, help_of({tool, "--events", "-h"}));
    }
    Tried tried(tool + " ");
    for (const char* each : kTried) {
        tried.add(each);
    }
    for (const Option& each : options) {
        if (each.is_own) {
            tried.add(each.name);
            tried.add(each.name + (each.value.empty() ? "=nonsense" : " nonsense"));
        }
    }
    tried.add_to(lines);
    return lines;
}

std::vector<std::string> program_facts() {
    Lines lines{"\n[commands]"};
    const Lines all = commands();
    lines.insert(lines.end(), all.begin(), all.end());
    Tried tried("");
    for (const char* each : {"", "nonsense", "-h", "-v", "version", "help nonsense", "help help x",
                             "run /nonexistent.bpf.o", "__complete", "__complete nonsense"}) {
        tried.add(each);
    }
    for (const std::string& command : all) {
        const std::string help = run_program({"help", command}).out;
        if (!help.empty()) {
            add_help(lines, "options of " + command, {command}, help);
        }
        tried.add("help " + command);
        for (const std::string each : kTriedWithCommands) {
            tried.add(each.empty() ? command : command + " " + each);
        }
    }
    tried.add_to(lines);
    return lines;
}

}  // namespace tally
