// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

struct bpf_map;
struct bpf_object;
struct bpf_program;

namespace tally {

/// A BPF object that libbpf has read: its constants, maps and programs by their names. Whether it
/// is loaded is up to the caller.
class OpenedObject {
  public:
    /// `name` is for messages. Needs no rights. Throws Error.
    OpenedObject(std::string name, std::span<const std::byte> object);
    ~OpenedObject();
    OpenedObject(OpenedObject&&) noexcept;

    const std::string& name() const { return name_; }
    bpf_object* get() const { return object_.get(); }

    /// Whether there is a `const volatile` integer of that name.
    bool has_constant(const std::string& variable) const;

    /// Sets a `const volatile` integer, before the object is loaded. Throws Error if there is none
    /// of that name.
    void set_constant(const std::string& variable, std::uint64_t value) const;

    /// Throw Error if there is none of that name.
    bpf_map* map(const std::string& name) const;
    bpf_program* program(const std::string& name) const;

    /// The descriptor of a map of a loaded object. Throws Error if there is none of that name.
    int map_fd(const std::string& name) const;

    /// Before the object is loaded: whether a map is created. Throws Error if there is none.
    void set_made(const std::string& name, bool wanted) const;
    bool is_made(const std::string& name) const;

    /// Before the object is loaded: whether a program is loaded too. Throws Error if there is none.
    void set_loaded(const std::string& name, bool wanted) const;

    /// Before the object is loaded: replaces its map by that of `other`, which is loaded. Throws
    /// Error.
    void share_map(const OpenedObject& other, const std::string& name);

    /// Whether the map belongs to another object.
    bool is_shared(const bpf_map* map) const;

    /// Where a variable lies in its section, by the object's types.
    struct Place {
        std::size_t offset = 0;
        std::size_t size = 0;
    };
    std::optional<Place> find_variable(const char* section, const std::string& variable) const;

  private:
    std::span<std::byte> find_constant(const std::string& variable) const;

    std::set<const bpf_map*> shared_;
    std::string name_;
    struct ObjectCloser {
        void operator()(bpf_object* object) const;
    };
    std::unique_ptr<bpf_object, ObjectCloser> object_;
};

/// Whether the kernel runs the program for events; else it is an iterator, which user space runs.
bool is_probe(const bpf_program* program);

}  // namespace tally
