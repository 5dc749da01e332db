// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tracer/probe_plan.h"
#include "tracer/schema.h"
#include "util/file_descriptor.h"

struct bpf_link;
struct bpf_map;
struct bpf_object;
struct bpf_program;

namespace tally {

/// How many keys the histograms and counts of a tracer can hold, and what that costs.
struct MapSizes {
    /// Of each of them, each key on every one of up to eight CPUs; none: what fits in 12 MiB (23
    /// MiB where a key has more than its subject), or in what of the limit is left where maps count
    /// against RLIMIT_MEMLOCK.
    std::optional<std::uint32_t> max_keys;

    /// Of the ring of events, in bytes, a power of two from 4,096 on; none: kRingSize, or less,
    /// likewise.
    std::optional<std::uint32_t> ring_size;
};

/// Where what is remembered of a thread lies (bpf/include/thread_state.bpf.h).
enum class ThreadStates { by_number, by_address, in_storage };

/// docs/design.md says why.
inline constexpr std::uint32_t kRingSize = 8U << 20;

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

    const std::string& name() const { return name_; }
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
    void size_maps(const MapSizes& sizes);
    ThreadStates thread_states() const;
    void size_thread_states();
    /// For what is sized last, where lockable_ is there. Throws Error if that is next to nothing.
    std::uint64_t memory_left() const;
    void size_slots(const MapSizes& sizes);
    void size_ring(const MapSizes& sizes);
    void fill_free_slots();
    std::span<std::byte> find_constant(const std::string& variable) const;
    bpf_map* find_map(const std::string& map) const;
    bpf_program* find_program(const std::string& program) const;
    void attach_program(bpf_program* program);
    void make_iterators();

    std::string name_;
    TracerSchema schema_;
    std::optional<std::uint64_t> lockable_;  ///< bytes; set by load()
    struct ObjectCloser {
        void operator()(bpf_object* object) const;
    };
    struct LinkCloser {
        void operator()(bpf_link* link) const;
    };
    std::unique_ptr<bpf_object, ObjectCloser> object_;
    std::vector<std::unique_ptr<bpf_link, LinkCloser>> links_;
    std::map<std::string, std::unique_ptr<bpf_link, LinkCloser>> iterators_;  ///< by program
};

}  // namespace tally
