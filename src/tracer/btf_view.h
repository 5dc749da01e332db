// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tally {

/// One global of the object, found in a section of its BTF.
struct Variable {
    std::string name;
    std::uint32_t type = 0;  ///< of the variable's content
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    std::string section;
    std::string tag;  ///< without the prefix; empty: no tag of tally
};

/// The types, globals and maps of an opened object, as its declarations are read from them
/// (tracer/declarations.h).
class BtfView {
  public:
    /// `name` is that of the object, for messages; both must outlive this. Throws Error for an
    /// object without BTF.
    BtfView(const bpf_object* object, const std::string& name);

    const std::string& name() const { return name_; }
    const bpf_object* object() const { return object_; }
    const btf* types() const { return btf_; }

    /// Of all sections, in the order of the object.
    const std::vector<Variable>& variables() const { return variables_; }

    /// A variable by its name; null: there is none.
    const Variable* find(std::string_view name) const;

    /// The tag of a variable or function, without the prefix; empty: none.
    std::string tag_of(std::uint32_t id) const;

    /// The name at an offset, of a type or a member; empty: none.
    std::string text(std::uint32_t offset) const;

    const btf_type* type(std::uint32_t id) const { return btf__type_by_id(btf_, id); }

    /// The type behind typedefs, const and volatile; null: none. Adds the names of the typedefs on
    /// the way, outermost first, to `names`.
    const btf_type* resolve(std::uint32_t id, std::vector<std::string>* names = nullptr) const;

    /// In bytes; 0: it has none.
    std::size_t size_of(std::uint32_t id) const;

    /// The value that a constant of .rodata has in the file.
    std::uint64_t constant(const Variable& variable) const;

    /// The type of `member` ("key" or "value") in a map's definition, which has a pointer to it.
    /// Throws Error.
    std::uint32_t map_member(const Variable& map, std::string_view member) const;

    /// Whether libbpf knows the map with the type and sizes with which user space reads it: the
    /// kernel's map decides how many bytes a reading copies.
    bool is_map(const std::string& map, bpf_map_type type, std::size_t key,
                std::size_t value) const;

    /// The names of an enumeration's values, in lower case.
    std::map<std::int64_t, std::string> names_of(const btf_type* enumeration) const;

    /// Names become options, words for --by, names of members and columns. Throws Error for one
    /// that C does not allow.
    void check_name(const std::string& name) const;

  private:
    void find_tags();
    void find_variables();

    const bpf_object* object_;
    const btf* btf_;
    const std::string& name_;
    std::map<std::uint32_t, std::string> tags_;  ///< by the type that is tagged
    std::vector<Variable> variables_;
};

/// ASCII letters in lower case.
std::string lower(std::string name);

}  // namespace tally
