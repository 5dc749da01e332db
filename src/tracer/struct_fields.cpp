// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/struct_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "util/error.h"

namespace tally {
namespace {

void check_place(const BtfView& view, const FieldType& type, FieldPlace place,
                 const std::string& name, const std::string& whole) {
    if (type.may_stand_in(place)) {
        return;
    }
    std::vector<std::string_view> fitting;
    for (const FieldType& each : all_field_types()) {
        if (each.may_stand_in(place)) {
            fitting.push_back(each.name);
        }
    }
    throw Error("{}: field '{}' of {} cannot be of the type {}; there are {}", view.name(), name,
                whole, type.name, fmt::join(fitting, ", "));
}

void unfold(const BtfView& view, std::uint32_t id, std::size_t base, FieldPlace place,
            const std::string& whole, std::vector<StructField>& fields) {
    const btf_type* key = view.resolve(id);
    if (key == nullptr || !btf_is_struct(key)) {
        throw Error("{}: {} must be a struct", view.name(), whole);
    }
    const btf_member* member = btf_members(key);
    for (int i = 0; i < btf_vlen(key); ++i) {
        const std::uint32_t index = static_cast<std::uint32_t>(i);
        const std::size_t offset = base + btf_member_bit_offset(key, index) / 8;
        const btf_type* content = view.resolve(member[i].type);
        const bool is_struct = content != nullptr && btf_is_struct(content);
        if (is_struct && type_of(view, member[i].type) == nullptr) {
            unfold(view, member[i].type, offset, place, whole, fields);
            continue;
        }
        const std::string name = view.text(member[i].name_off);
        view.check_name(name);
        StructField field = field_of(view, member[i].type, place, name, whole);
        field.offset = offset;
        if (btf_member_bitfield_size(key, index) != 0 || !field.type->has_size(field.size)) {
            throw Error("{}: field '{}' of {} has a size that cannot be shown", view.name(), name,
                        whole);
        }
        fields.push_back(std::move(field));
    }
}

}  // namespace

const FieldType* type_of(const BtfView& view, std::uint32_t id) {
    std::vector<std::string> typedefs;
    const btf_type* content = view.resolve(id, &typedefs);
    if (const FieldType* named = find_field_type(typedefs)) {
        return named;
    }
    if (content == nullptr) {
        return nullptr;
    }
    if (btf_is_int(content)) {
        const auto encoding = btf_int_encoding(content);
        return &field_type((encoding & BTF_INT_BOOL) != 0     ? "bool"
                           : (encoding & BTF_INT_SIGNED) != 0 ? "signed integer"
                                                              : "unsigned integer");
    }
    if (btf_is_array(content) && btf__resolve_size(view.types(), btf_array(content)->type) == 1) {
        return &field_type("char[N]");
    }
    return ::btf_is_enum(content) ? &field_type("enum") : nullptr;
}

std::vector<StructField> fields_of(const BtfView& view, std::uint32_t type, FieldPlace place,
                                   const std::string& whole) {
    std::vector<StructField> fields;
    unfold(view, type, 0, place, whole, fields);
    return fields;
}

StructField field_of(const BtfView& view, std::uint32_t type, FieldPlace place,
                     const std::string& name, const std::string& whole) {
    StructField field;
    field.name = name;
    field.type = type_of(view, type);
    if (field.type == nullptr) {
        throw Error("{}: field '{}' of {} has a type that cannot be shown", view.name(), name,
                    whole);
    }
    check_place(view, *field.type, place, name, whole);
    field.size = view.size_of(type);
    field.unit = unit_of(view, type);
    if (field.is_enumeration()) {
        field.names = view.names_of(view.resolve(type));
    }
    return field;
}

Unit unit_of(const BtfView& view, std::uint32_t type) {
    std::vector<std::string> typedefs;
    view.resolve(type, &typedefs);
    const FieldType* found = find_field_type(typedefs);
    return found == nullptr ? Unit::count : found->unit;
}

std::string key_of(const std::string& map) {
    return "the key of '" + map + "'";
}

std::string struct_of(const std::string& map) {
    return "the struct of '" + map + "'";
}

}  // namespace tally
