// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "fields/decode.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "host/call_values.h"
#include "host/system_calls.h"
#include "wire.h"

namespace tally {
namespace {

// types.bpf.h
constexpr std::uint32_t kNoMode = ~0U;
constexpr std::uint32_t kNoUser = ~0U;
constexpr std::uint32_t kNoSyscall = ~0U;
constexpr std::uint64_t kNoQuantity = ~0ULL;

EventValue made(std::string text, std::string& room) {
    room = std::move(text);
    return std::string_view(room);
}

/// A number of 32 bits that has a name.
std::uint32_t code_at(const StructField& field, const std::byte* bytes) {
    return static_cast<std::uint32_t>(number_at(field, bytes));
}

template <typename Struct>
Struct struct_at(const StructField& field, const std::byte* bytes) {
    Struct value{};
    std::memcpy(&value, bytes + field.offset, sizeof value);
    return value;
}

std::string address_text(const in6_addr& address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        ::inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
    } else {
        ::inet_ntop(AF_INET6, &address, text, sizeof text);
    }
    return text;
}

std::string_view array_at(const StructField& field, const std::byte* bytes) {
    const char* begin = reinterpret_cast<const char*>(bytes + field.offset);
    return {begin, ::strnlen(begin, field.size)};
}

}  // namespace

std::uint64_t number_at(const StructField& field, const std::byte* bytes) {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes + field.offset, std::min(field.size, sizeof number));
    return number;
}

std::int64_t signed_number_at(const StructField& field, const std::byte* bytes) {
    const std::size_t unused = 64 - 8 * std::min<std::size_t>(field.size, 8);
    return static_cast<std::int64_t>(number_at(field, bytes) << unused) >> unused;
}

EventValue decode_number(const StructField& field, const std::byte* bytes, const DecodeContext&,
                         std::string&) {
    return number_at(field, bytes);
}

EventValue decode_quantity(const StructField& field, const std::byte* bytes, const DecodeContext&,
                           std::string&) {
    const std::uint64_t number = number_at(field, bytes);
    return number == kNoQuantity ? EventValue() : EventValue(number);
}

EventValue decode_user(const StructField& field, const std::byte* bytes, const DecodeContext&,
                       std::string&) {
    const std::uint64_t number = number_at(field, bytes);
    return number == kNoUser ? EventValue() : EventValue(number);
}

EventValue decode_signed(const StructField& field, const std::byte* bytes, const DecodeContext&,
                         std::string&) {
    return signed_number_at(field, bytes);
}

EventValue decode_natural(const StructField& field, const std::byte* bytes, const DecodeContext&,
                          std::string&) {
    const std::int64_t value = signed_number_at(field, bytes);
    return value < 0 ? EventValue() : EventValue(static_cast<std::uint64_t>(value));
}

EventValue decode_bool(const StructField& field, const std::byte* bytes, const DecodeContext&,
                       std::string&) {
    return number_at(field, bytes) != 0;
}

EventValue decode_array(const StructField& field, const std::byte* bytes, const DecodeContext&,
                        std::string&) {
    return array_at(field, bytes);
}

EventValue decode_comm(const StructField& field, const std::byte* bytes,
                       const DecodeContext& context, std::string&) {
    const std::string_view found = array_at(field, bytes);
    const bool is_none = found.empty() && context.place == FieldPlace::event;
    return is_none ? EventValue() : EventValue(found);
}

EventValue decode_time(const StructField& field, const std::byte* bytes,
                       const DecodeContext& context, std::string&) {
    const std::uint64_t time = number_at(field, bytes);
    return time == 0 ? EventValue()
                     : EventValue(Moment{time + static_cast<std::uint64_t>(context.clock_offset)});
}

EventValue decode_enumeration(const StructField& field, const std::byte* bytes,
                              const DecodeContext&, std::string& room) {
    const std::int64_t value = signed_number_at(field, bytes);
    const auto name = field.names.find(value);
    return name != field.names.end() ? EventValue(std::string_view(name->second))
                                     : made(std::to_string(value), room);
}

EventValue decode_capability(const StructField& field, const std::byte* bytes, const DecodeContext&,
                             std::string& room) {
    return made(capability_name(code_at(field, bytes)), room);
}

EventValue decode_syscall(const StructField& field, const std::byte* bytes, const DecodeContext&,
                          std::string& room) {
    const std::uint32_t number = code_at(field, bytes);
    return number == kNoSyscall ? EventValue() : made(syscall_name(number), room);
}

EventValue decode_error(const StructField& field, const std::byte* bytes, const DecodeContext&,
                        std::string& room) {
    const std::uint32_t error = code_at(field, bytes);
    return error == 0 ? EventValue() : made(error_name(error), room);
}

EventValue decode_signal(const StructField& field, const std::byte* bytes, const DecodeContext&,
                         std::string& room) {
    const std::uint32_t signal = code_at(field, bytes);
    return signal == 0 ? EventValue() : made(signal_name(signal), room);
}

EventValue decode_open_flags(const StructField& field, const std::byte* bytes, const DecodeContext&,
                             std::string& room) {
    return made(open_flags_text(code_at(field, bytes)), room);
}

EventValue decode_file_mode(const StructField& field, const std::byte* bytes, const DecodeContext&,
                            std::string& room) {
    const std::uint32_t mode = code_at(field, bytes);
    return mode == kNoMode ? EventValue() : made(file_mode_text(mode), room);
}

EventValue decode_named_flags(const StructField& field, const std::byte* bytes,
                              const DecodeContext&, std::string& room) {
    const auto flags = struct_at<tally_flags>(field, bytes);
    return flags.set == TALLY_NO_FLAGS ? EventValue()
                                       : made(named_flags_text(flags.set, flags.bits), room);
}

EventValue decode_address(const StructField& field, const std::byte* bytes, const DecodeContext&,
                          std::string& room) {
    return made(address_text(struct_at<in6_addr>(field, bytes)), room);
}

EventValue decode_arguments(const StructField& field, const std::byte* bytes, const DecodeContext&,
                            std::string& room) {
    struct Arguments {
        std::uint64_t values[6];
    };
    room.clear();
    for (const std::uint64_t each : struct_at<Arguments>(field, bytes).values) {
        room += fmt::format("{:#x}", each) + '\0';
    }
    return Words{room};
}

EventValue decode_container(const StructField&, const std::byte*, const DecodeContext&,
                            std::string& room) {
    return room.empty() ? EventValue() : EventValue(std::string_view(room));
}

EventValue decode_string(const StructField& field, const std::byte* bytes,
                         const DecodeContext& context, std::string&) {
    const auto where = struct_at<tally_text>(field, bytes);
    return where.state == TALLY_TEXT_NONE
               ? EventValue()
               : EventValue(context.text.substr(where.offset, where.length));
}

EventValue decode_words(const StructField& field, const std::byte* bytes,
                        const DecodeContext& context, std::string&) {
    const auto where = struct_at<tally_text>(field, bytes);
    return where.state == TALLY_TEXT_NONE
               ? EventValue()
               : EventValue(Words{context.text.substr(where.offset, where.length)});
}

}  // namespace tally
