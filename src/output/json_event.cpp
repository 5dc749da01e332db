// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/json_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "output/escape.h"
#include "output/record_members.h"

namespace tally {
namespace {

constexpr std::size_t kMostOwners = 10'000;

bool is_plain(std::string_view bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](char each) {
        return each >= ' ' && each <= '~' && each != '"' && each != '\\';
    });
}

}  // namespace

std::string_view JsonEvents::line(const Event& event) {
    line_.clear();
    fmt::format_to(std::back_inserter(line_), "{{\"schema\":{},\"type\":\"{}\"", kSchema,
                   kEventType);
    add_name("tool");
    add(std::string_view(event.shape.tool));
    each_event_member(
        event,
        [this](std::string_view name, const auto& value) {
            add_name(name);
            add(value);
        },
        [this](const EventOwner& owner) { add(owner); });
    line_ += "}\n";
    return line_;
}

/// Names are those of docs/output.md and of fields in C: plain.
void JsonEvents::add_name(std::string_view name) {
    line_ += ",\"";
    line_ += name;
    line_ += "\":";
}

void JsonEvents::add(std::uint64_t value) {
    const fmt::format_int digits(value);
    line_.append(digits.data(), digits.size());
}

void JsonEvents::add(std::int64_t value) {
    const fmt::format_int digits(value);
    line_.append(digits.data(), digits.size());
}

void JsonEvents::add(bool value) {
    line_ += value ? "true" : "false";
}

void JsonEvents::add(std::monostate) {
    line_ += "null";
}

void JsonEvents::add(std::string_view value) {
    if (is_plain(value)) {
        line_ += '"';
        line_ += value;
        line_ += '"';
    } else {
        line_ += json_string(value);
    }
}

void JsonEvents::add(const Words& value) {
    line_ += '[';
    value.each([&](std::string_view word) {
        if (line_.back() != '[') {
            line_ += ',';
        }
        add(word);
    });
    line_ += ']';
}

void JsonEvents::add(const Moment& value) {
    add(timestamps_.of(value.time));
}

void JsonEvents::add(const EventOwner& owner) {
    const auto known = owners_.find(owner.serial);
    if (known != owners_.end()) {
        line_ += known->second;
        return;
    }
    if (owners_.size() >= kMostOwners) {
        owners_.clear();
    }
    const std::size_t begin = line_.size();
    for (const Field& each : owner.key) {
        add_name(each.name);
        std::visit(
            [this](const auto& content) {
                if constexpr (std::is_same_v<std::decay_t<decltype(content)>, std::string>) {
                    add(std::string_view(content));
                } else {
                    add(content);
                }
            },
            each.value);
    }
    owners_.emplace(owner.serial, line_.substr(begin));
}

}  // namespace tally
