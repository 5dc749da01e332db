// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "container/runtime_formats.h"

#include <rapidjson/document.h>
#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <sstream>

#include "container/path_shapes.h"

namespace tally {

namespace {

using Json = rapidjson::Value;
using Annotations = std::map<std::string, std::string, std::less<>>;

// 16 MiB of '[' would become 330 MiB. podman's 550 bytes for a container are 20 values.
constexpr std::size_t kMostValues = 1'000'000;

/// Passes a parser's values on to a document, unless there are too many.
class BoundedDocument : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, BoundedDocument> {
  public:
    explicit BoundedDocument(rapidjson::Document& document) : document_(document) {}

    bool Null() { return is_one_more() && document_.Null(); }
    bool Bool(bool value) { return is_one_more() && document_.Bool(value); }
    bool Int(int value) { return is_one_more() && document_.Int(value); }
    bool Uint(unsigned value) { return is_one_more() && document_.Uint(value); }
    bool Int64(std::int64_t value) { return is_one_more() && document_.Int64(value); }
    bool Uint64(std::uint64_t value) { return is_one_more() && document_.Uint64(value); }
    bool Double(double value) { return is_one_more() && document_.Double(value); }
    bool String(const char* text, rapidjson::SizeType size, bool copy) {
        return is_one_more() && document_.String(text, size, copy);
    }
    bool Key(const char* text, rapidjson::SizeType size, bool copy) {
        return is_one_more() && document_.Key(text, size, copy);
    }
    bool StartObject() { return is_one_more() && document_.StartObject(); }
    bool EndObject(rapidjson::SizeType members) { return document_.EndObject(members); }
    bool StartArray() { return is_one_more() && document_.StartArray(); }
    bool EndArray(rapidjson::SizeType elements) { return document_.EndArray(elements); }

  private:
    bool is_one_more() { return ++values_ <= kMostValues; }

    rapidjson::Document& document_;
    std::size_t values_ = 0;
};

/// Parses the text as JSON; false if it is invalid, or has too many values. Iterative: a file full
/// of '[' crashes a recursive parser.
bool parse(const std::string& text, rapidjson::Document& document) {
    rapidjson::MemoryStream bytes(text.data(), text.size());
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
    rapidjson::Reader reader;
    auto generate = [&](rapidjson::Document& into) {
        BoundedDocument bounded(into);
        return !reader.Parse<rapidjson::kParseIterativeFlag>(stream, bounded).IsError();
    };
    document.Populate(generate);
    return !reader.HasParseError();
}

/// The text as a JSON object.
bool parse_object(const std::string& text, rapidjson::Document& document) {
    return parse(text, document) && document.IsObject();
}

/// A member that is an object; null if there is none.
const Json* object_in(const Json& object, const char* key) {
    const auto member = object.FindMember(key);
    return member != object.MemberEnd() && member->value.IsObject() ? &member->value : nullptr;
}

/// JSON strings may hold NULs: never by strlen.
std::string bytes_of(const Json& value) {
    return value.IsString() ? std::string(value.GetString(), value.GetStringLength())
                            : std::string();
}

std::string string_in(const Json& object, const char* key) {
    const auto member = object.FindMember(key);
    return member == object.MemberEnd() ? std::string() : bytes_of(member->value);
}

Annotations strings_of(const Json* object) {
    Annotations all;
    if (object != nullptr) {
        for (const auto& member : object->GetObject()) {
            if (member.value.IsString()) {
                all.emplace(bytes_of(member.name), bytes_of(member.value));
            }
        }
    }
    return all;
}

std::string first_of(const Annotations& annotations, std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
        const auto found = annotations.find(key);
        if (found != annotations.end() && !found->second.empty()) {
            return found->second;
        }
    }
    return {};
}

/// The names written by Kubernetes' runtimes: containerd's CRI has its own keys, CRI-O copies
/// kubelet's labels, docker's were labels of the container. nerdctl has no Kubernetes.
void add_names(const Annotations& annotations, RuntimeFacts& facts) {
    const std::string type =
        first_of(annotations, {"io.kubernetes.cri.container-type",
                               "io.kubernetes.cri-o.ContainerType", "io.kubernetes.docker.type"});
    const std::string name = first_of(
        annotations,
        {"io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name"});
    facts.pod = first_of(annotations, {"io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"});
    facts.pod_namespace = first_of(
        annotations, {"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"});
    // podman marks its pods' first containers as sandboxes too, but those have names of their own.
    if ((type == "sandbox" || type == "podsandbox") && !facts.pod.empty()) {
        facts.name = "POD";  // as kubelet calls the pause container where it has a name
    } else if (!name.empty()) {
        facts.name = name;
    }
}

}  // namespace

std::optional<RuntimeFacts> parse_docker_config(const std::string& text) {
    rapidjson::Document document;
    if (!parse_object(text, document)) {
        return std::nullopt;
    }
    RuntimeFacts facts;
    facts.id = string_in(document, "ID");
    facts.name = string_in(document, "Name");
    if (facts.name.starts_with('/')) {
        facts.name.erase(0, 1);
    }
    if (const Json* config = object_in(document, "Config")) {
        add_names(strings_of(object_in(*config, "Labels")), facts);
    }
    return facts;
}

std::optional<RuntimeFacts> parse_oci_config(const std::string& text) {
    rapidjson::Document document;
    if (!parse_object(text, document)) {
        return std::nullopt;
    }
    RuntimeFacts facts;
    const Annotations annotations = strings_of(object_in(document, "annotations"));
    add_names(annotations, facts);
    facts.is_crio = first_of(annotations, {"io.container.manager"}) == "cri-o";
    if (const Json* system = object_in(document, "linux")) {
        const std::string path = string_in(*system, "cgroupsPath");
        if (!path.empty()) {
            facts.cgroups.push_back(expand_cgroups_path(path));
        }
    }
    return facts;
}

std::optional<std::map<std::string, std::string>> parse_storage_names(const std::string& text) {
    rapidjson::Document document;
    if (!parse(text, document) || !document.IsArray()) {
        return std::nullopt;
    }
    std::map<std::string, std::string> names;
    for (const Json& each : document.GetArray()) {
        if (!each.IsObject()) {
            continue;
        }
        const auto list = each.FindMember("names");
        if (list != each.MemberEnd() && list->value.IsArray() && !list->value.Empty()) {
            names.emplace(string_in(each, "id"), bytes_of(list->value[0]));
        }
    }
    return names;
}

std::optional<RuntimeFacts> parse_runc_state(const std::string& text) {
    rapidjson::Document document;
    if (!parse_object(text, document)) {
        return std::nullopt;
    }
    RuntimeFacts facts;
    facts.id = string_in(document, "id");
    // By controller, on version 1 and hybrid hosts; "" is version 2. Seen with runc 1.1.5 on a
    // hybrid host: all nine controllers, "name=systemd" and "".
    if (const Json* paths = object_in(document, "cgroup_paths")) {
        for (const auto& member : paths->GetObject()) {
            std::string path = bytes_of(member.value);
            if (!path.empty()) {
                facts.cgroups.push_back(std::move(path));
            }
        }
    }
    const Json* config = object_in(document, "config");
    if (config == nullptr) {
        return facts;
    }
    // Empty with the systemd driver.
    if (const Json* cgroups = object_in(*config, "cgroups")) {
        std::string path = string_in(*cgroups, "path");
        if (path.starts_with('/')) {
            facts.cgroups.push_back(std::move(path));
        }
    }
    // The bundle's annotations, each as "KEY=VALUE", and "bundle=".
    Annotations annotations;
    const auto labels = config->FindMember("labels");
    if (labels != config->MemberEnd() && labels->value.IsArray()) {
        for (const Json& each : labels->value.GetArray()) {
            const std::string label = bytes_of(each);
            const std::size_t equals = label.find('=');
            if (equals != std::string::npos) {
                annotations.emplace(label.substr(0, equals), label.substr(equals + 1));
            }
        }
    }
    add_names(annotations, facts);
    facts.bundle = first_of(annotations, {"bundle"});
    return facts;
}

std::optional<RuntimeFacts> parse_crun_status(const std::string& text) {
    rapidjson::Document document;
    if (!parse_object(text, document)) {
        return std::nullopt;
    }
    RuntimeFacts facts;
    std::string path = string_in(document, "cgroup-path");
    if (!path.empty()) {
        facts.cgroups.push_back(path.starts_with('/') ? std::move(path) : "/" + path);
    }
    facts.bundle = string_in(document, "bundle");
    return facts;
}

std::optional<std::string> parse_docker_root(const std::string& text) {
    rapidjson::Document document;
    return parse_object(text, document) ? std::optional(string_in(document, "data-root"))
                                        : std::nullopt;
}

std::optional<std::map<std::uint32_t, std::string>> parse_homes(const std::string& text) {
    std::map<std::uint32_t, std::string> homes;
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line)) {
        // NAME:PASSWORD:NUMBER:GROUP:FULL NAME:HOME:SHELL
        std::array<std::string, 7> parts;
        std::istringstream rest(line);
        for (std::string& part : parts) {
            std::getline(rest, part, ':');
        }
        std::uint32_t number = 0;
        const char* end = parts[2].data() + parts[2].size();
        const auto read = std::from_chars(parts[2].data(), end, number);
        if (read.ec == std::errc() && read.ptr == end && parts[5].starts_with('/')) {
            homes.emplace(number, parts[5]);
        }
    }
    return homes;
}

}  // namespace tally
