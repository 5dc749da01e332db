// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/btf_view.h"

#include <algorithm>
#include <cstring>

#include "util/error.h"

namespace tally {
namespace {

constexpr std::string_view kTagPrefix = "tally:";

}  // namespace

std::string lower(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return name;
}

BtfView::BtfView(const bpf_object* object, const std::string& name)
    : object_(object), btf_(bpf_object__btf(object)), name_(name) {
    if (btf_ == nullptr) {
        throw Error("{} has no BTF: build it with clang -g -target bpf", name_);
    }
    find_tags();
    find_variables();
}

/// A tag of type component -1 is about the variable or function as a whole.
void BtfView::find_tags() {
    const std::uint32_t count = btf__type_cnt(btf_);
    for (std::uint32_t id = 1; id < count; ++id) {
        const btf_type* each = type(id);
        const std::string name = text(each->name_off);
        if (btf_is_decl_tag(each) && btf_decl_tag(each)->component_idx == -1 &&
            name.starts_with(kTagPrefix)) {
            tags_.emplace(each->type, name.substr(kTagPrefix.size()));
        }
    }
}

/// Sections hold variables.
void BtfView::find_variables() {
    const std::uint32_t count = btf__type_cnt(btf_);
    for (std::uint32_t id = 1; id < count; ++id) {
        const btf_type* section = type(id);
        if (!btf_is_datasec(section)) {
            continue;
        }
        const btf_var_secinfo* info = btf_var_secinfos(section);
        for (int i = 0; i < btf_vlen(section); ++i) {
            const btf_type* variable = type(info[i].type);
            if (!btf_is_var(variable)) {
                continue;
            }
            Variable found{text(variable->name_off), variable->type,
                           info[i].offset,           info[i].size,
                           text(section->name_off),  tag_of(info[i].type)};
            variables_.push_back(std::move(found));
        }
    }
}

std::string BtfView::tag_of(std::uint32_t id) const {
    const auto found = tags_.find(id);
    return found == tags_.end() ? "" : found->second;
}

std::string BtfView::text(std::uint32_t offset) const {
    const char* found = btf__name_by_offset(btf_, offset);
    return found != nullptr ? found : "";
}

const Variable* BtfView::find(std::string_view name) const {
    const auto found = std::find_if(variables_.begin(), variables_.end(),
                                    [&](const Variable& each) { return each.name == name; });
    return found == variables_.end() ? nullptr : &*found;
}

std::uint64_t BtfView::constant(const Variable& variable) const {
    const bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object_) {
        std::size_t size = 0;
        const std::string name = bpf_map__name(map);
        if (!name.ends_with(".rodata")) {
            continue;
        }
        // libbpf 1.1 has no const form of this.
        const void* data = bpf_map__initial_value(const_cast<bpf_map*>(map), &size);
        std::uint64_t value = 0;
        if (data != nullptr && variable.size <= sizeof value &&
            std::size_t{variable.offset} + variable.size <= size) {
            std::memcpy(&value, static_cast<const char*>(data) + variable.offset, variable.size);
        }
        return value;
    }
    return 0;
}

const btf_type* BtfView::resolve(std::uint32_t id, std::vector<std::string>* names) const {
    const btf_type* each = type(id);
    while (each != nullptr && (btf_is_mod(each) || btf_is_typedef(each))) {
        if (btf_is_typedef(each) && names != nullptr) {
            names->push_back(text(each->name_off));
        }
        each = type(each->type);
    }
    return each;
}

std::size_t BtfView::size_of(std::uint32_t id) const {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, btf__resolve_size(btf_, id)));
}

std::uint32_t BtfView::map_member(const Variable& map, std::string_view member) const {
    const btf_type* definition = resolve(map.type);
    if (definition != nullptr && btf_is_struct(definition)) {
        const btf_member* each = btf_members(definition);
        for (int i = 0; i < btf_vlen(definition); ++i) {
            const btf_type* pointer = type(each[i].type);
            if (text(each[i].name_off) == member && btf_is_ptr(pointer)) {
                return pointer->type;
            }
        }
    }
    throw Error("{}: map '{}' has no {}", name_, map.name, member);
}

bool BtfView::is_map(const std::string& map, bpf_map_type type, std::size_t key,
                     std::size_t value) const {
    const bpf_map* found = bpf_object__find_map_by_name(object_, map.c_str());
    return found != nullptr && bpf_map__type(found) == type && bpf_map__key_size(found) == key &&
           bpf_map__value_size(found) == value;
}

void BtfView::check_name(const std::string& name) const {
    const auto is_letter = [](char each) {
        return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || each == '_';
    };
    const auto is_digit = [](char each) { return each >= '0' && each <= '9'; };
    if (name.empty() || is_digit(name.front()) ||
        !std::all_of(name.begin(), name.end(),
                     [&](char each) { return is_letter(each) || is_digit(each); })) {
        throw Error("{}: '{}' is not a valid name in C", name_, name);
    }
}

std::map<std::int64_t, std::string> BtfView::names_of(const btf_type* enumeration) const {
    std::map<std::int64_t, std::string> names;
    const struct btf_enum* each = ::btf_enum(enumeration);
    for (int i = 0; i < btf_vlen(enumeration); ++i) {
        names.emplace(each[i].val, lower(text(each[i].name_off)));
    }
    return names;
}

}  // namespace tally
