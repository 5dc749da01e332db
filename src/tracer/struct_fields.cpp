// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/struct_fields.h"

#include <utility>

#include "util/error.h"

namespace tally {
namespace {

void unfold(const BtfView& view, std::uint32_t id, std::size_t base, FieldPlace place,
            const std::string& whole, std::vector<KeyField>& fields) {
    const btf_type* key = view.resolve(id);
    if (key == nullptr || !btf_is_struct(key)) {
        throw Error("{}: {} must be a struct", view.name(), whole);
    }
    const btf_member* member = btf_members(key);
    for (int i = 0; i < btf_vlen(key); ++i) {
        const std::uint32_t index = static_cast<std::uint32_t>(i);
        const std::size_t offset = base + btf_member_bit_offset(key, index) / 8;
        const btf_type* content = view.resolve(member[i].type);
        std::optional<SemanticType> of_event;
        if (place == FieldPlace::event) {
            of_event = meaning_in_event(view, member[i].type);
        }
        if (content != nullptr && btf_is_struct(content) && !of_event) {
            unfold(view, member[i].type, offset, place, whole, fields);
            continue;
        }
        KeyField field;
        field.name = view.text(member[i].name_off);
        view.check_name(field.name);
        field.offset = offset;
        field.size = view.size_of(member[i].type);
        field.type = of_event ? *of_event : meaning_in_key(view, member[i].type, field.name, whole);
        if (btf_member_bitfield_size(key, index) != 0 || !has_size_of(field.type, field.size)) {
            throw Error("{}: field '{}' of {} has a size that cannot be shown", view.name(),
                        field.name, whole);
        }
        field.unit = unit_of(view, member[i].type);
        if (field.type == SemanticType::enumeration) {
            field.names = view.names_of(content);
        }
        fields.push_back(std::move(field));
    }
}

}  // namespace

std::vector<KeyField> fields_of(const BtfView& view, std::uint32_t type, FieldPlace place,
                                const std::string& whole) {
    std::vector<KeyField> fields;
    unfold(view, type, 0, place, whole, fields);
    return fields;
}

SemanticType meaning_in_key(const BtfView& view, std::uint32_t type, const std::string& field,
                            const std::string& whole) {
    std::vector<std::string> typedefs;
    const btf_type* content = view.resolve(type, &typedefs);
    if (const auto named = meaning_of(typedefs, FieldPlace::key)) {
        return *named;
    }
    if (content != nullptr && btf_is_int(content)) {
        return (btf_int_encoding(content) & BTF_INT_SIGNED) ? SemanticType::signed_number
                                                            : SemanticType::number;
    }
    if (content != nullptr && btf_is_array(content) &&
        btf__resolve_size(view.types(), btf_array(content)->type) == 1) {
        return SemanticType::text;
    }
    if (content != nullptr && ::btf_is_enum(content)) {
        return SemanticType::enumeration;
    }
    throw Error("{}: field '{}' of {} has a type that cannot be shown", view.name(), field, whole);
}

std::optional<SemanticType> meaning_in_event(const BtfView& view, std::uint32_t type) {
    std::vector<std::string> typedefs;
    const btf_type* content = view.resolve(type, &typedefs);
    if (const auto named = meaning_of(typedefs, FieldPlace::event)) {
        return named;
    }
    if (content != nullptr && btf_is_int(content) &&
        (btf_int_encoding(content) & BTF_INT_BOOL) != 0) {
        return SemanticType::boolean;
    }
    return std::nullopt;
}

Unit unit_of(const BtfView& view, std::uint32_t type) {
    std::vector<std::string> typedefs;
    view.resolve(type, &typedefs);
    return unit_of(typedefs);
}

std::string key_of(const std::string& map) {
    return "the key of '" + map + "'";
}

std::string struct_of(const std::string& map) {
    return "the struct of '" + map + "'";
}

}  // namespace tally
