// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/map_budget.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <string_view>

#include "host/kernel_facts.h"
#include "host/locked_memory.h"
#include "tracer/engine_names.h"
#include "util/error.h"

namespace tally {
namespace {

constexpr std::uint32_t kMostShards = 8;

/// Bytes that the slots of one tracer take by default. They are allocated at once; more would cost
/// time at each start.
constexpr std::uint64_t kSlotMemory = 12ULL << 20;

/// The same where keys have fields of the tracer's own: there are many more keys then.
constexpr std::uint64_t kOwnKeysSlotMemory = 23ULL << 20;

/// Limits small slots to less memory than that: each slot costs a system call at the start.
constexpr std::uint64_t kMostSlots = 32768;

/// Above this many thread numbers, per-thread state goes to task storage: an array takes memory for
/// each number, used or not (64 MiB for 16 bytes of each of four million).
constexpr std::uint32_t kMostThreadNumbers = 65536;

/// Threads that can be remembered by their address.
constexpr std::uint32_t kMostThreads = 65536;

/// Where maps count against a limit that is not lifted (host/locked_memory.h): threads, entries of
/// other hash maps, bytes of a ring other than that of events, and the least bytes that must be
/// left for slots or the ring of events.
constexpr std::uint32_t kLockedThreads = 16384;
constexpr std::uint32_t kLockedEntries = 4096;
constexpr std::uint32_t kLockedRingSize = 64U << 10;
constexpr std::uint64_t kLeastLeft = 128U << 10;

/// Of a hash map: sizeof(struct htab_elem), sizeof(struct bucket).
constexpr std::uint64_t kHashEntry = 48;
constexpr std::uint64_t kHashBucket = 16;

/// tally_thread_slot() of bpf/include/thread_state.bpf.h permutes blocks of 256.
std::uint32_t array_size(std::uint32_t numbers) {
    return (numbers + 255) / 256 * 256;
}

/// Where the state of a thread is kept (bpf/include/thread_state.bpf.h).
enum class ThreadStates { by_number, by_address, in_storage };

/// What the kernel allocates for a map, in bytes.
std::uint64_t memory_of(const bpf_map* map) {
    const std::uint64_t entries = bpf_map__max_entries(map);
    const std::uint64_t value = (bpf_map__value_size(map) + std::uint64_t{7}) / 8 * 8;
    const std::uint64_t key = (bpf_map__key_size(map) + std::uint64_t{7}) / 8 * 8;
    switch (bpf_map__type(map)) {
        case BPF_MAP_TYPE_RINGBUF:
            return entries;
        case BPF_MAP_TYPE_HASH:
        case BPF_MAP_TYPE_LRU_HASH:
            return entries * (key + value + kHashEntry) + std::bit_ceil(entries) * kHashBucket;
        case BPF_MAP_TYPE_PERCPU_ARRAY:
            return entries * value *
                   static_cast<std::uint64_t>(std::max(1, libbpf_num_possible_cpus()));
        default:
            return entries * value;
    }
}

/// Bytes left for the maps that are sized last, where memory is counted. Throws Error if next to
/// nothing is left.
std::uint64_t memory_left(const OpenedObject& object, const MapSizes& sizes,
                          std::uint64_t lockable) {
    const std::uint64_t taken = map_memory(object) + lockable / 8;
    if (taken + kLeastLeft > lockable) {
        throw Error(
            "{} needs {} KiB for its maps, but {} {}: raise the limit with ulimit -l unlimited",
            object.name(), (taken + kLeastLeft) / 1024,
            sizes.taken == 0 && sizes.sharers == 1 ? "this user may lock only"
                                                   : "its part of what this user may lock is",
            lockable / 1024);
    }
    return lockable - taken;
}

void size_slots(const OpenedObject& object, const TracerSchema& schema, const MapSizes& sizes,
                std::optional<std::uint64_t> lockable) {
    const std::vector<const SlotsSchema*> all = schema.slots();
    if (all.empty()) {
        return;
    }
    const auto cpus = static_cast<std::uint32_t>(std::max(1, libbpf_num_possible_cpus()));
    const std::uint32_t shards = std::min(kMostShards, std::bit_ceil(cpus));
    object.set_constant("tally_shard_mask", shards - 1);

    const auto left =
        lockable ? std::optional(memory_left(object, sizes, *lockable)) : std::nullopt;
    for (const SlotsSchema* each : all) {
        std::uint64_t memory = each->has_own_keys ? kOwnKeysSlotMemory : kSlotMemory;
        std::uint64_t slot_memory = each->slot_size;
        if (left) {
            memory = std::min(memory, *left);
            // Plus its key in the index and its number among the free ones.
            slot_memory += each->key_size + kHashEntry + 2 * kHashBucket + 16;
        }
        const std::uint64_t slots = sizes.max_keys
                                        ? std::uint64_t{*sizes.max_keys} * shards
                                        : std::min(memory / all.size() / slot_memory, kMostSlots);
        const auto count =
            static_cast<std::uint32_t>(std::clamp<std::uint64_t>(slots, 1, 1U << 24));
        for (const char* map : {"", kIndexEnding, kFreeEnding}) {
            bpf_map__set_max_entries(object.map(each->name + map), count);
        }
    }
}

void size_ring(const OpenedObject& object, const TracerSchema& schema, const MapSizes& sizes,
               std::optional<std::uint64_t> lockable) {
    if (schema.events.empty()) {
        return;
    }
    std::uint32_t size = sizes.ring_size.value_or(kRingSize);
    if (lockable && !sizes.ring_size) {
        size = std::bit_floor(static_cast<std::uint32_t>(
            std::min<std::uint64_t>(memory_left(object, sizes, *lockable), kRingSize)));
    }
    bpf_map__set_max_entries(object.map(kEventsRing), size);
    object.set_constant("tally_ring_half", size / 2);
    std::uint32_t kind = 0;
    for (const EventsSchema& each : schema.events) {
        object.set_constant(each.kind, kind++);
    }
}

ThreadStates choose_thread_states(const OpenedObject& object, const TracerSchema& schema,
                                  std::optional<std::uint64_t> lockable) {
    // For tests, which cannot raise pid_max on somebody's machine.
    if (const char* forced = std::getenv("TALLY_THREAD_STATE")) {
        const std::string_view way = forced;
        return way == "array"     ? ThreadStates::by_number
               : way == "storage" ? ThreadStates::in_storage
                                  : ThreadStates::by_address;
    }
    std::uint64_t arrays = 0;
    for (const std::string& state : schema.thread_states) {
        arrays += std::uint64_t{array_size(thread_number_limit())} *
                  bpf_map__value_size(object.map(state + kByNumberEnding));
    }
    if (lockable ? arrays <= *lockable / 4 : thread_number_limit() <= kMostThreadNumbers) {
        return ThreadStates::by_number;
    }
    return has_task_storage() ? ThreadStates::in_storage : ThreadStates::by_address;
}

void size_thread_states(const OpenedObject& object, const TracerSchema& schema,
                        std::optional<std::uint64_t> lockable) {
    if (schema.thread_states.empty()) {
        return;
    }
    const ThreadStates way = choose_thread_states(object, schema, lockable);
    object.set_constant("tally_threads_by_number", way == ThreadStates::by_number);
    object.set_constant("tally_threads_by_address", way == ThreadStates::by_address);
    for (const std::string& state : schema.thread_states) {
        bpf_map__set_max_entries(
            object.map(state + kByNumberEnding),
            way == ThreadStates::by_number ? array_size(thread_number_limit()) : 1);
        bpf_map__set_max_entries(object.map(state + kByAddressEnding),
                                 lockable ? kLockedThreads : kMostThreads);
        object.set_made(state + kByAddressEnding, way == ThreadStates::by_address);
        object.set_made(state + kByTaskEnding, way == ThreadStates::in_storage);
        object.set_loaded(state + kThreadGoneEnding, way == ThreadStates::by_address);
        for (const std::string& program :
             {state + kThreadMadeEnding, state + kThreadsExistingEnding}) {
            object.set_loaded(program, way == ThreadStates::in_storage);
        }
    }
}

/// The limit applies to all maps together, so each map that could take much gets little.
void shrink_maps(const OpenedObject& object) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object.get()) {
        const bpf_map_type type = bpf_map__type(map);
        if (type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH) {
            bpf_map__set_max_entries(map, std::min(bpf_map__max_entries(map), kLockedEntries));
        } else if (type == BPF_MAP_TYPE_RINGBUF) {
            bpf_map__set_max_entries(map, kLockedRingSize);
        }
    }
}

}  // namespace

std::uint64_t map_memory(const OpenedObject& object) {
    std::uint64_t bytes = 0;
    const bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object.get()) {
        if (bpf_map__autocreate(map) && !object.is_shared(map)) {
            bytes += memory_of(map);
        }
    }
    return bytes;
}

void MapBudget::size(const OpenedObject& object, const TracerSchema& schema,
                     const MapSizes& sizes) {
    lockable_ = lockable_memory();
    if (lockable_) {
        shrink_maps(object);
    }
    std::optional<std::uint64_t> share = lockable_;
    if (share) {
        *share = (*share - std::min(*share, sizes.taken)) / sizes.sharers;
    }
    size_thread_states(object, schema, share);
    // Last, those that take all that is left where memory is limited.
    size_ring(object, schema, sizes, share);
    size_slots(object, schema, sizes, share);
}

std::optional<std::string> MapBudget::shrunk() const {
    if (!lockable_) {
        return std::nullopt;
    }
    return fmt::format(
        "maps are smaller, since this user may lock only {} KiB: raise the limit with ulimit -l "
        "unlimited",
        *lockable_ / 1024);
}

}  // namespace tally
