// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "container/runtime_formats.h"
#include "fuzz.h"

namespace tally {

/// Every string of a JSON text, keys too, found by another way than the readers' own: events, no
/// document. None if the text is no JSON.
class JsonStrings {
  public:
    static std::optional<JsonStrings> of(const std::string& text) {
        Handler handler;
        rapidjson::MemoryStream memory(text.data(), text.size());
        // As the readers' Document does: without a byte order mark, or a part of one.
        rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(memory);
        rapidjson::Reader reader;
        if (!reader.Parse<rapidjson::kParseIterativeFlag>(stream, handler)) {
            return std::nullopt;
        }
        JsonStrings found;
        found.all_ = std::move(handler.all);
        return found;
    }

    bool has(const std::string& text) const { return all_.contains(text); }

    /// Whether one of them ends with `text`.
    bool has_ending(const std::string& text) const {
        for (const std::string& each : all_) {
            if (each.ends_with(text)) {
                return true;
            }
        }
        return false;
    }

  private:
    struct Handler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
        bool String(const char* text, rapidjson::SizeType size, bool) {
            all.emplace(text, size);
            return true;
        }
        std::set<std::string> all;
    };
    std::set<std::string> all_;
};

/// What holds for any reader's facts: each is there in the text.
inline void check_facts(const std::string& text, const std::optional<RuntimeFacts>& facts) {
    if (!facts) {
        return;
    }
    const auto strings = JsonStrings::of(text);
    MUST(strings);
    // "POD" is ours. A name may be what follows a '/' or, in runc's labels, a '='.
    MUST(facts->name.empty() || facts->name == "POD" || strings->has_ending(facts->name));
    MUST(facts->name != "POD" || strings->has_ending("POD") || !facts->pod.empty());
    MUST(facts->pod.empty() || strings->has_ending(facts->pod));
    MUST(facts->pod_namespace.empty() || strings->has_ending(facts->pod_namespace));
    MUST(facts->bundle.empty() || strings->has_ending(facts->bundle));
    for (const std::string& cgroup : facts->cgroups) {
        MUST(!cgroup.empty());
    }
}

}  // namespace tally
