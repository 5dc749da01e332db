// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "cli/common_options.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "util/error.h"

namespace tally {

Parser::Option add_duration(Parser& parser, std::optional<Seconds>& duration) {
    return parser.add_value(
        {.names = "-d,--duration", .value = "SECONDS", .description = "stop after SECONDS"},
        number(kShortest, kLongest, "a number of seconds"),
        [&](const std::string& word) { duration = Seconds(*number_of<double>(word)); });
}

/// `formats` are constants: the option remembers where they are.
void add_format(Parser& parser, Format& format, std::span<const FormatName> formats) {
    std::vector<std::string> words, meanings;
    for (const FormatName& each : formats) {
        words.emplace_back(each.word);
        meanings.push_back(each.meaning.empty() ? words.back()
                                                : fmt::format("{} ({})", each.word, each.meaning));
    }
    parser.add_flag({.names = "--json", .description = "same as --output json", .group = "Output"},
                    [&format] { format = Format::json; });
    parser.add_value(
        {.names = "-o,--output",
         .value = "FORMAT",
         .description = fmt::format("{}; see docs/output.md", fmt::join(meanings, ", ")),
         .group = "Output",
         .choices = words},
        one_of(words), [&format, formats](const std::string& word) {
            format = std::find_if(formats.begin(), formats.end(), [&](const FormatName& each) {
                         return each.word == word;
                     })->format;
        });
}

void add_hierarchy(Parser& parser, std::optional<std::string>& hierarchy) {
    parser.add_value({.names = "--hierarchy",
                      .value = "NAME",
                      .description = "cgroup hierarchy to use: unified (version 2), or pids, cpu, "
                                     "... of version 1 (default: the one containers live in)",
                      .group = kScripts},
                     hierarchy);
}

void add_ready_fd(Parser& parser, std::optional<int>& ready_fd) {
    add_number(
        parser,
        {.names = "--ready-fd",
         .value = "FD",
         .description = "write \"ready\" to this file descriptor once all probes are attached",
         .group = kScripts},
        3, 1 << 20, "a descriptor", ready_fd);
}

void add_keep_privileges(Parser& parser, bool& keep_privileges) {
    parser.add_flag(
        {.names = "--keep-privileges",
         .description =
             "keep the privileges that are needed only at the start; see docs/privileges.md",
         .group = kScripts},
        keep_privileges);
}

void check_ready_fd(const std::optional<int>& ready_fd) {
    if (ready_fd && ::fcntl(*ready_fd, F_GETFD) < 0) {
        throw UsageError("--ready-fd {}: there is no such open descriptor", *ready_fd);
    }
}

}  // namespace tally
