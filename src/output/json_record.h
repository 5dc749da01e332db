// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// For the .cpp files of src/output only: it includes RapidJSON.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "model/record.h"
#include "output/escape.h"
#include "output/record_members.h"

namespace tally {

/// One JSON object at a time, with our own quoting of strings.
class JsonRecord {
  public:
    JsonRecord() : json_(buffer_) {}

    /// Every record begins with its schema and its type.
    void begin(std::string_view type) {
        buffer_.Clear();
        json_.Reset(buffer_);
        json_.StartObject();
        add("schema", kSchema);
        add("type", type);
    }

    /// A record of a tool's run.
    void begin(std::string_view type, std::string_view tool) {
        begin(type);
        add("tool", tool);
    }

    std::string_view end() {
        json_.EndObject();
        buffer_.Put('\n');
        return {buffer_.GetString(), buffer_.GetSize()};
    }

    void begin_object(std::string_view key) {
        name(key);
        json_.StartObject();
    }
    void begin_object() { json_.StartObject(); }
    void end_object() { json_.EndObject(); }

    void begin_array(std::string_view key) {
        name(key);
        json_.StartArray();
    }
    void end_array() { json_.EndArray(); }

    void add(std::string_view key, std::uint64_t value) {
        name(key);
        json_.Uint64(value);
    }
    void add(std::string_view key, std::string_view value) {
        name(key);
        quoted(value);
    }
    void add(std::string_view key, std::nullopt_t) {
        name(key);
        json_.Null();
    }
    template <std::same_as<bool> Bool>  // a pointer to char must not become one
    void add(std::string_view key, Bool value) {
        name(key);
        json_.Bool(value);
    }
    void add(std::string_view key, double value) {
        if (!std::isfinite(value)) {
            add(key, std::nullopt);
            return;
        }
        name(key);
        const std::string text = decimal(value);
        json_.RawValue(text.data(), text.size(), rapidjson::kNumberType);
    }
    void add(const Field& field) {
        std::visit(
            [&](const auto& value) {
                using Type = std::decay_t<decltype(value)>;
                if constexpr (std::is_same_v<Type, std::monostate>) {
                    add(field.name, std::nullopt);
                } else if constexpr (std::is_same_v<Type, std::int64_t>) {
                    name(field.name);
                    json_.Int64(value);
                } else if constexpr (std::is_same_v<Type, std::string>) {
                    add(field.name, std::string_view(value));
                } else {
                    add(field.name, value);
                }
            },
            field.value);
    }

  private:
    // To RapidJSON, the name of a member is a string like any other.
    void name(std::string_view key) { quoted(key); }
    void quoted(std::string_view bytes) {
        // Almost all are plain ASCII, which RapidJSON quotes itself, without allocating memory.
        if (std::all_of(bytes.begin(), bytes.end(),
                        [](char each) { return each >= ' ' && each <= '~'; })) {
            json_.String(bytes.data(), static_cast<rapidjson::SizeType>(bytes.size()));
            return;
        }
        const std::string text = json_string(bytes);
        json_.RawValue(text.data(), text.size(), rapidjson::kStringType);
    }

    rapidjson::StringBuffer buffer_;
    rapidjson::Writer<rapidjson::StringBuffer> json_;
};

}  // namespace tally
