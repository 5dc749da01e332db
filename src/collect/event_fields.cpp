// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/event_fields.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "collect/owner_fields.h"
#include "host/call_values.h"
#include "host/system_calls.h"
#include "wire.h"

namespace tally {
namespace {

std::size_t width_of(const EventField& field) {
    switch (field.type) {
        case SemanticType::pid:
        case SemanticType::tid:
            return 7;
        case SemanticType::error:
            return 9;
        case SemanticType::syscall:
        case SemanticType::capability:
        case SemanticType::comm:
        case SemanticType::address:
            return 15;
        case SemanticType::signal:
            return 10;
        case SemanticType::time:
            return 12;
        case SemanticType::open_flags:
            return 26;
        case SemanticType::string:
        case SemanticType::words:
        case SemanticType::arguments:
            return 24;
        case SemanticType::container:
            return 18;
        case SemanticType::named_flags:
            return 12;
        case SemanticType::text:
            return std::min<std::size_t>(field.size - 1, 24);
        case SemanticType::file_mode:
        case SemanticType::boolean:
            return 5;
        case SemanticType::natural_or_none:
            return 3;
        case SemanticType::enumeration: {
            std::size_t longest = 0;
            for (const auto& [value, name] : field.names) {
                longest = std::max(longest, name.size());
            }
            return longest;
        }
        case SemanticType::cgroup:
        case SemanticType::number:
        case SemanticType::signed_number:
            break;
    }
    return field.unit == Unit::count ? 6 : 8;
}

bool is_number(const EventField& field) {
    switch (field.type) {
        case SemanticType::cgroup:
        case SemanticType::pid:
        case SemanticType::tid:
        case SemanticType::number:
        case SemanticType::signed_number:
        case SemanticType::natural_or_none:
            return true;
        default:
            return false;
    }
}

std::int64_t signed_number_at(const EventField& field, const std::byte* event) {
    const std::size_t unused = 64 - 8 * std::min<std::size_t>(field.size, 8);
    return static_cast<std::int64_t>(event_number(field, event) << unused) >> unused;
}

/// Six words.
std::string arguments_words(const std::byte* event) {
    std::string words;
    std::uint64_t arguments[6];
    std::memcpy(arguments, event, sizeof arguments);
    for (const std::uint64_t each : arguments) {
        words += fmt::format("{:#x}", each) + '\0';
    }
    return words;
}

std::string address_text(const std::byte* bytes) {
    in6_addr address{};
    std::memcpy(&address, bytes, sizeof address);
    char text[INET6_ADDRSTRLEN] = "";
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        ::inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
    } else {
        ::inet_ntop(AF_INET6, &address, text, sizeof text);
    }
    return text;
}

EventValue array_value(const EventField& field, const std::byte* event) {
    const char* begin = reinterpret_cast<const char*>(event + field.offset);
    const std::string_view found(begin, ::strnlen(begin, field.size));
    return found.empty() && field.type == SemanticType::comm ? EventValue() : EventValue(found);
}

EventValue text_value(const EventField& field, const std::byte* event, std::string_view text) {
    tally_text where{};
    std::memcpy(&where, event + field.offset, sizeof where);
    if (where.state == TALLY_TEXT_NONE) {
        return {};
    }
    const std::string_view found = text.substr(where.offset, where.length);
    return field.type == SemanticType::words ? EventValue(Words{found}) : EventValue(found);
}

}  // namespace

EventShape shape_of(const std::string& tool, const EventsSchema& schema) {
    EventShape shape;
    shape.tool = tool;
    shape.name = schema.name;
    shape.description = schema.help;
    for (const Field& each : owner_fields(Owner())) {
        shape.key_names.push_back(each.name);
    }
    for (const EventField& field : schema.fields) {
        shape.columns.push_back({field.name, field.unit, width_of(field), is_number(field), false});
        if (field.type == SemanticType::words) {
            shape.columns.push_back({field.name + "_cut", Unit::count, 5, false, true});
        }
    }
    return shape;
}

std::uint64_t event_number(const EventField& field, const std::byte* event) {
    std::uint64_t number = 0;
    std::memcpy(&number, event + field.offset, std::min(field.size, sizeof number));
    return number;
}

EventValue event_value(const EventField& field, const std::byte* event, std::string_view text,
                       std::int64_t clock_offset, std::string& room) {
    const auto number = [&] { return event_number(field, event); };
    const auto said = [&](std::string words) -> EventValue {
        room = std::move(words);
        return std::string_view(room);
    };
    switch (field.type) {
        case SemanticType::cgroup:
        case SemanticType::pid:
        case SemanticType::tid:
            return number();
        case SemanticType::number:
            return field.unit != Unit::count && number() == kNoQuantity ? EventValue()
                                                                        : EventValue(number());
        case SemanticType::signed_number:
            return signed_number_at(field, event);
        case SemanticType::natural_or_none: {
            const std::int64_t value = signed_number_at(field, event);
            return value < 0 ? EventValue() : EventValue(static_cast<std::uint64_t>(value));
        }
        case SemanticType::boolean:
            return number() != 0;
        case SemanticType::comm:
        case SemanticType::text:
            return array_value(field, event);
        case SemanticType::capability:
            return said(capability_name(static_cast<std::uint32_t>(number())));
        case SemanticType::syscall:
            return said(syscall_name(static_cast<std::uint32_t>(number())));
        case SemanticType::error:
            return number() == 0 ? EventValue()
                                 : said(error_name(static_cast<std::uint32_t>(number())));
        case SemanticType::signal:
            return number() == 0 ? EventValue()
                                 : said(signal_name(static_cast<std::uint32_t>(number())));
        case SemanticType::open_flags:
            return said(open_flags_text(static_cast<std::uint32_t>(number())));
        case SemanticType::file_mode:
            return number() == 0xffffffff
                       ? EventValue()
                       : said(file_mode_text(static_cast<std::uint32_t>(number())));
        case SemanticType::address:
            return said(address_text(event + field.offset));
        case SemanticType::arguments:
            room = arguments_words(event + field.offset);
            return Words{room};
        case SemanticType::named_flags: {
            tally_flags flags{};
            std::memcpy(&flags, event + field.offset, sizeof flags);
            return flags.set == TALLY_NO_FLAGS ? EventValue()
                                               : said(named_flags_text(flags.set, flags.bits));
        }
        case SemanticType::container:
            return room.empty() ? EventValue() : EventValue(std::string_view(room));
        case SemanticType::time:
            return number() == 0
                       ? EventValue()
                       : EventValue(Moment{number() + static_cast<std::uint64_t>(clock_offset)});
        case SemanticType::enumeration: {
            const auto name = field.names.find(static_cast<std::int32_t>(number()));
            return name != field.names.end() ? EventValue(std::string_view(name->second))
                                             : said(std::to_string(number()));
        }
        case SemanticType::string:
        case SemanticType::words:
            return text_value(field, event, text);
    }
    return {};
}

}  // namespace tally
