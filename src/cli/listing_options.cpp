// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/common_options.h"
#include "util/error.h"

namespace tally {

std::variant<ListingRequest, HelpText> parse_listing_arguments(
    const std::string& command, const std::vector<std::string>& arguments) {
    ListingRequest request;
    const bool can_watch = command == "containers";
    Parser parser("tally " + command,
                  command == "doctor"
                      ? "Checks whether tally and its tools run here; exit status 1 if one does not"
                      : "Lists the running containers: name, id, runtime, pod, cgroup, processes",
                  fmt::format("Usage: tally {} [OPTIONS]", command));
    add_format(parser, request.format, kListingFormats);
    add_hierarchy(parser, request.hierarchy);
    parser.add_flag(
        {.names = "-v,--verbose", .description = "print all messages of libbpf and the kernel"},
        request.verbose);
    if (can_watch) {
        parser.add_flag(
            {.names = "-w,--watch",
             .description =
                 "keep running: print containers as they appear, are renamed and disappear"},
            request.watch);
        add_duration(parser, request.duration);
        add_ready_fd(parser, request.ready_fd);
        add_keep_privileges(parser, request.keep_privileges);
    }
    if (const std::optional<HelpText> text = parser.parse(arguments, "tally help " + command)) {
        return *text;
    }
    if (!request.watch && (request.duration || request.ready_fd || request.keep_privileges)) {
        throw UsageError("-d, --ready-fd and --keep-privileges apply only to --watch");
    }
    check_ready_fd(request.ready_fd);
    return request;
}

}  // namespace tally
