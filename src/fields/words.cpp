// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "fields/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <string_view>

#include "fields/field.h"
#include "host/call_values.h"
#include "host/system_calls.h"

namespace tally {
namespace {

using Values = std::vector<std::uint64_t>;

Values digits(const StructField& field, std::string_view word, int base) {
    std::uint64_t value = 0;
    const char* const end = word.data() + word.size();
    const auto [rest, error] = std::from_chars(word.data(), end, value, base);
    const bool is_too_large = field.size < 8 && value >> (8 * field.size) != 0;
    return error == std::errc() && rest == end && !is_too_large ? Values{value} : Values{};
}

Values number(const StructField& field, const std::string& word) {
    return digits(field, word, 10);
}

Values hexadecimal(const StructField& field, const std::string& word) {
    return word.starts_with("0x") ? digits(field, std::string_view(word).substr(2), 16)
                                  : digits(field, word, 10);
}

Values system_call(const StructField&, const std::string& word) {
    const std::vector<std::uint32_t> numbers = syscall_numbers(word);
    return {numbers.begin(), numbers.end()};
}

Values signal(const StructField&, const std::string& word) {
    const std::uint32_t found = signal_number(word);
    return found == 0 ? Values{} : Values{found};
}

Values enumeration(const StructField& field, const std::string& word) {
    for (const auto& [value, name] : field.names) {
        if (name == word) {
            return {static_cast<std::uint32_t>(value)};
        }
    }
    return {};
}

std::string no_such_number(const StructField&) {
    return "not a number, or too large";
}

std::string no_such_name(const StructField& field) {
    std::vector<std::string> known;
    for (const auto& [value, name] : field.names) {
        known.push_back(name);
    }
    return fmt::format("there is no such {}; choose from {}", field.name, fmt::join(known, ", "));
}

}  // namespace

const WordMeaning kNumberWords{"N", number, no_such_number};
const WordMeaning kHexadecimalWords{"N", hexadecimal, no_such_number};
const WordMeaning kSystemCallWords{"CALL", system_call, [](const StructField&) -> std::string {
                                       return "there is no such system call";
                                   }};
const WordMeaning kSignalWords{
    "SIGNAL", signal, [](const StructField&) -> std::string { return "there is no such signal"; }};
const WordMeaning kEnumerationWords{"NAME", enumeration, no_such_name};

}  // namespace tally
