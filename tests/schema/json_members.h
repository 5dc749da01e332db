// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <rapidjson/document.h>

#include <set>
#include <string>
#include <vector>

namespace tally {

/// The members of records of one type, as some samples have them: names, order and kinds.
class JsonMembers {
  public:
    /// Of the members of these paths ("type", "key.fs") the values are told too.
    explicit JsonMembers(std::set<std::string> with_values) : with_values_(with_values) {}

    /// Takes a record, one line of output. Fails if it is no JSON, if a member is there twice, or
    /// if the members of the whole are not those of the records before.
    void add(const std::string& record);

    /// "key.container: null or string", in the order of the members; with values, "scope: string
    /// interval total".
    std::vector<std::string> lines() const;

  private:
    struct Member {
        std::string path;
        std::set<std::string> kinds;
        std::set<std::string> values;
    };

    void add(const std::string& path, const rapidjson::Value& value);
    void add_object(const std::string& path, const rapidjson::Value& object);
    Member& member_of(const std::string& path);

    std::set<std::string> with_values_;
    std::vector<Member> members_;  ///< in the order in which they were first seen
    std::vector<std::string> outermost_;
};

}  // namespace tally
