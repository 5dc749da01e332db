// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/opened_object.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "tracer/function_targets.h"
#include "tracer/libbpf_log.h"
#include "tracer/object_check.h"
#include "util/error.h"

namespace tally {

void OpenedObject::ObjectCloser::operator()(bpf_object* object) const {
    bpf_object__close(object);
}

OpenedObject::OpenedObject(std::string name, std::span<const std::byte> object)
    : name_(std::move(name)) {
    check_object(name_, object);
    handle_function_sections();
    bpf_object_open_opts options{};
    options.sz = sizeof options;
    options.object_name = name_.c_str();
    object_.reset(bpf_object__open_mem(object.data(), object.size(), &options));
    if (!object_) {
        throw Error("{} is not a readable BPF object: {}", name_, first_libbpf_warning());
    }
}

OpenedObject::~OpenedObject() = default;
OpenedObject::OpenedObject(OpenedObject&&) noexcept = default;

std::optional<OpenedObject::Place> OpenedObject::find_variable(const char* section,
                                                               const std::string& variable) const {
    const btf* types = bpf_object__btf(object_.get());
    const std::int32_t id = btf__find_by_name_kind(types, section, BTF_KIND_DATASEC);
    if (id <= 0) {
        return std::nullopt;
    }
    const btf_type* found = btf__type_by_id(types, static_cast<std::uint32_t>(id));
    const btf_var_secinfo* info = btf_var_secinfos(found);
    for (int i = 0; i < btf_vlen(found); ++i) {
        const btf_type* each = btf__type_by_id(types, info[i].type);
        if (variable == btf__name_by_offset(types, each->name_off)) {
            return Place{info[i].offset, info[i].size};
        }
    }
    return std::nullopt;
}

/// The bytes of a constant in the object, ours until load(); empty: no constant has that name.
std::span<std::byte> OpenedObject::find_constant(const std::string& variable) const {
    const auto place = find_variable(".rodata", variable);
    bpf_map* constants = nullptr;
    bpf_map* each = nullptr;
    bpf_object__for_each_map(each, object_.get()) {
        if (std::string_view(bpf_map__name(each)).ends_with(".rodata")) {
            constants = each;
        }
    }
    if (!place || constants == nullptr) {
        return {};
    }
    std::size_t size = 0;
    // libbpf 1.1 returns them as const.
    void* data = const_cast<void*>(bpf_map__initial_value(constants, &size));
    if (place->size > sizeof(std::uint64_t) || place->offset + place->size > size) {
        return {};
    }
    return {static_cast<std::byte*>(data) + place->offset, place->size};
}

bool OpenedObject::has_constant(const std::string& variable) const {
    return !find_constant(variable).empty();
}

void OpenedObject::set_constant(const std::string& variable, std::uint64_t value) const {
    const std::span<std::byte> bytes = find_constant(variable);
    if (bytes.empty()) {
        throw Error("{} has no constant '{}'", name_, variable);
    }
    std::memcpy(bytes.data(), &value, bytes.size());  // little endian: the low bytes come first
}

bpf_map* OpenedObject::map(const std::string& name) const {
    bpf_map* found = bpf_object__find_map_by_name(object_.get(), name.c_str());
    if (found == nullptr) {
        throw Error("{} has no map '{}'", name_, name);
    }
    return found;
}

bpf_program* OpenedObject::program(const std::string& name) const {
    bpf_program* found = bpf_object__find_program_by_name(object_.get(), name.c_str());
    if (found == nullptr) {
        throw Error("{} has no program '{}'", name_, name);
    }
    return found;
}

int OpenedObject::map_fd(const std::string& name) const {
    return bpf_map__fd(map(name));
}

void OpenedObject::set_made(const std::string& name, bool wanted) const {
    bpf_map__set_autocreate(map(name), wanted);
}

bool OpenedObject::is_made(const std::string& name) const {
    return bpf_map__autocreate(map(name));
}

void OpenedObject::set_loaded(const std::string& name, bool wanted) const {
    bpf_program__set_autoload(program(name), wanted);
}

void OpenedObject::share_map(const OpenedObject& other, const std::string& name) {
    bpf_map* const shared = map(name);
    const int error = bpf_map__reuse_fd(shared, other.map_fd(name));
    if (error != 0) {
        throw Error("{} cannot share the map '{}' of {}: {}", name_, name, other.name(),
                    std::strerror(-error));
    }
    shared_.insert(shared);
}

bool OpenedObject::is_shared(const bpf_map* map) const {
    return shared_.contains(map);
}

bool is_probe(const bpf_program* program) {
    return !std::string_view(bpf_program__section_name(program)).starts_with("iter/");
}

}  // namespace tally
