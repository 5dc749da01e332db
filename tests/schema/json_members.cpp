// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "json_members.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace tally {
namespace {

std::string kind_of(const rapidjson::Value& value) {
    switch (value.GetType()) {
        case rapidjson::kNullType:
            return "null";
        case rapidjson::kFalseType:
        case rapidjson::kTrueType:
            return "boolean";
        case rapidjson::kObjectType:
            return "object";
        case rapidjson::kArrayType:
            return "array";
        case rapidjson::kStringType:
            return "string";
        case rapidjson::kNumberType:
            return value.IsDouble() ? "number" : "integer";
    }
    return "";
}

std::string text_of(const rapidjson::Value& value) {
    return value.IsString() ? value.GetString() : std::to_string(value.GetUint64());
}

}  // namespace

void JsonMembers::add(const std::string& record) {
    rapidjson::Document document;
    document.Parse(record.data(), record.size());
    ASSERT_TRUE(!document.HasParseError() && document.IsObject()) << record;
    const rapidjson::Value& whole = document;
    std::vector<std::string> names;
    for (const auto& each : whole.GetObject()) {
        names.emplace_back(each.name.GetString());
    }
    if (members_.empty()) {
        outermost_ = names;
    }
    EXPECT_EQ(names, outermost_) << "a member is not always there: " << record;
    add_object("", whole);
}

void JsonMembers::add_object(const std::string& path, const rapidjson::Value& object) {
    std::set<std::string> names;
    for (const auto& each : object.GetObject()) {
        const std::string name = each.name.GetString();
        EXPECT_TRUE(names.insert(name).second) << path << name << " is there twice";
        add(path + name, each.value);
    }
}

void JsonMembers::add(const std::string& path, const rapidjson::Value& value) {
    Member& member = member_of(path);
    member.kinds.insert(kind_of(value));
    if (with_values_.contains(path) && !value.IsNull()) {
        member.values.insert(text_of(value));
    }
    if (value.IsObject()) {
        add_object(path + ".", value);
    } else if (value.IsArray()) {
        for (const auto& each : value.GetArray()) {
            add(path + "[]", each);
        }
    }
}

JsonMembers::Member& JsonMembers::member_of(const std::string& path) {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const Member& each) { return each.path == path; });
    return found != members_.end() ? *found : members_.emplace_back(Member{path, {}, {}});
}

std::vector<std::string> JsonMembers::lines() const {
    std::vector<std::string> lines;
    for (const Member& each : members_) {
        std::string& line =
            lines.emplace_back(fmt::format("{}: {}", each.path, fmt::join(each.kinds, " or ")));
        if (!each.values.empty()) {
            line += fmt::format(" {}", fmt::join(each.values, " "));
        }
    }
    return lines;
}

}  // namespace tally
