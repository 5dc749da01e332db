// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "fields/key_value.h"

#include <fmt/format.h>

#include <utility>

namespace tally {
namespace {

/// Turns a decoded value, which is valid only for a moment, into one that lasts.
struct Named {
    const StructField& field;

    KeyValue operator()(std::monostate) const { return {Value(), "-"}; }
    KeyValue operator()(std::uint64_t number) const {
        return field.is_hexadecimal()      ? KeyValue{number, fmt::format("{:#x}", number)}
               : field.unit == Unit::count ? KeyValue{number, std::to_string(number)}
                                           : KeyValue{number, Quantity{field.unit, number}};
    }
    KeyValue operator()(std::int64_t number) const { return {number, std::to_string(number)}; }
    KeyValue operator()(bool is_so) const { return {is_so, is_so ? "yes" : "no"}; }
    KeyValue operator()(std::string_view text) const {
        KeyValue named{std::string(text), std::string(text)};
        // key_string() leaves no NUL there where the text was longer.
        named.is_cut = field.is_text() && text.size() == field.size;
        if (named.is_cut) {
            std::get<std::string>(named.label) += "...";
        }
        return named;
    }
    KeyValue operator()(const Words& words) const {  // no type of keys is Words
        return {std::string(words.bytes), std::string(words.bytes)};
    }
    KeyValue operator()(const Moment& moment) const { return {moment, moment}; }
};

}  // namespace

KeyValue key_value(const StructField& field, const std::byte* key, std::int64_t clock_offset) {
    std::string room;
    const DecodeContext context{{}, clock_offset, FieldPlace::key};
    return std::visit(Named{field}, field.type->decode(field, key, context, room));
}

}  // namespace tally
