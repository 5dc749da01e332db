// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "commands/listing_request.h"

#include <utility>
#include <variant>

#include "cli/command_line.h"
#include "commands/print.h"
#include "output/messages.h"
#include "tracer/libbpf_log.h"

namespace tally {

std::optional<ListingRequest> read_listing_request(const std::string& command,
                                                   const std::vector<std::string>& arguments) {
    auto parsed = parse_listing_arguments(command, arguments);
    if (const auto* help = std::get_if<HelpText>(&parsed)) {
        print(help->text);
        return std::nullopt;
    }
    auto& request = std::get<ListingRequest>(parsed);
    capture_libbpf_log(request.verbose ? say : nullptr);
    return std::move(request);
}

}  // namespace tally
