// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tracer/attachments.h"
#include "tracer/map_budget.h"
#include "tracer/opened_object.h"
#include "tracer/probe_plan.h"
#include "tracer/schema.h"

namespace tally {

/// A BPF object as a tracer, from a built-in or a file alike: opened, configured, loaded, attached,
/// read, detached, in this order. Destroying it removes everything from the kernel.
class Tracer {
  public:
    /// Opens an object; `name` is for messages. Needs no rights. Throws Error.
    Tracer(std::string name, std::span<const std::byte> object);

    /// An object without a tracer: the engine's own programs (bpf/engine).
    static Tracer engine_only(std::string name, std::span<const std::byte> object);

    ~Tracer();
    Tracer(Tracer&&) noexcept;

    const std::string& name() const { return object_.name(); }
    const TracerSchema& schema() const { return schema_; }

    /// Whether there is a `const volatile` integer of that name.
    bool has_constant(const std::string& variable) const;

    /// Sets a `const volatile` integer before load(). Throws Error if there is none of that name.
    void set_constant(const std::string& variable, std::uint64_t value);

    /// Before load(), where the schema has alternatives: only what was chosen is loaded. Throws
    /// Error for a plan with a failure: which hook is missing, why, what would help.
    void use(const ProbePlan& plan);

    /// Before load(): whether a process tree is a target (bpf/include/tree.bpf.h). It grows from
    /// the process that calls enter_tree(). Without, its programs and its map are left out.
    void set_tree(bool wanted);

    /// Before load(), of a tracer that has both EVENTS() and what is measured by key: which of the
    /// two this run is about. The other one leaves the schema, its maps are not made, and its code
    /// is not loaded. Who says nothing measures.
    void set_tells_events(bool wanted);

    /// Before load(): whether what the calling process does is left out (EVENTS() only). To be said
    /// again, by leave_out_reader(), after it.
    void set_reader_left_out(bool left_out);
    void leave_out_reader() const;

    /// Makes the calling process the root of the tree, from its next successful exec on.
    void enter_tree() const;

    /// Sizes the maps, loads and verifies. Throws Error: which part, why, what helps.
    void load(const MapSizes& sizes);

    /// Starts to report what happens to cgroups. First of all, so that walking the tree afterwards
    /// misses nothing.
    void attach_cgroup_events();

    /// Attaches the tracer's own programs and, when all are there, lets them measure. An Error
    /// leaves none of them.
    void attach();

    /// Removes all programs and waits until none runs any more: the maps are final.
    void detach();

    /// The descriptor of a map of a loaded object. Throws Error if there is none of that name.
    int map_fd(const std::string& map) const;

    std::uint32_t max_entries(const std::string& map) const;

    /// Gives a slot back: nothing counts into it any more. `number` is its place in
    /// the map, `key` what it held.
    void free_slot(const SlotsSchema& slots, std::uint32_t number, const std::byte* key);

    /// Adds a key to a set (value 1). False: the set is full.
    bool add_to_set(const std::string& map, const void* key);

    /// Takes a key out of a set; one that is not there is fine.
    void remove_from_set(const std::string& map, const void* key);

    /// Runs an iterator program to its end and returns all that it wrote. After load() it needs no
    /// more rights than reading a map.
    std::vector<std::byte> read_iterator(const std::string& program) const;

    /// Forgets the objects of each OBJECT_STATE() that have lived for longer than it says; those
    /// that were measured are counted as lost. At each report, before it says what is in flight.
    void forget_old_objects();

    /// What is in flight now for one of the tracer's maps: records of a key without its shard and a
    /// struct tally_in_flight each. Throws Error.
    std::vector<std::byte> read_in_flight(const SlotsSchema& slots) const;

    /// How often an event came while the same program ran on that CPU, so that the kernel left the
    /// program out (recursion_misses, since 5.12), of all programs together.
    std::uint64_t missed_runs() const;

    /// After load(): a sentence where maps had to be made smaller than usual, and what helps.
    std::optional<std::string> shrunk() const;

    /// What the kernel sets aside for the maps, in bytes: what they can take at the most.
    std::uint64_t map_memory() const;

  private:
    Tracer(std::string name, std::span<const std::byte> object, bool engine_only);
    void set_started(bool started);
    void fill_free_slots();

    OpenedObject object_;
    TracerSchema schema_;
    MapBudget budget_;
    Attachments attachments_;
};

}  // namespace tally
