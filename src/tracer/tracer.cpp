// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/tracer.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include "host/kernel_facts.h"
#include "host/locked_memory.h"
#include "tracer/function_targets.h"
#include "tracer/libbpf_log.h"
#include "tracer/object_check.h"
#include "util/error.h"

namespace tally {
namespace {

constexpr std::uint32_t kMostShards = 8;

/// What the slots of one tracer take by default. It is set aside at once; more would cost time at
/// each start.
constexpr std::uint64_t kSlotMemory = 12ULL << 20;

/// The same where keys have fields of the tracer's own: there are many more of them.
constexpr std::uint64_t kOwnKeysSlotMemory = 23ULL << 20;

/// Small slots fill less memory than that: each costs a system call at the start.
constexpr std::uint64_t kMostSlots = 32768;

constexpr const char* kIndex = "_index";  // the maps that HISTOGRAM declares beside its own
constexpr const char* kFree = "_free";

/// Above this many thread numbers, per-thread state goes to task storage: an array takes memory for
/// each number, used or not (64 MiB for 16 bytes of each of four million).
constexpr std::uint32_t kMostThreadNumbers = 65536;

/// Threads that can be remembered by their address.
constexpr std::uint32_t kMostThreads = 65536;

/// Where memory is counted and the limit stands (host/locked_memory.h): threads, other entries of a
/// hash map, a ring beside that of events, and what has to be left for slots or the ring of events.
constexpr std::uint32_t kLockedThreads = 16384;
constexpr std::uint32_t kLockedEntries = 4096;
constexpr std::uint32_t kLockedRingSize = 64U << 10;
constexpr std::uint64_t kLeastLeft = 128U << 10;

/// Of a hash map: sizeof(struct htab_elem), sizeof(struct bucket).
constexpr std::uint64_t kHashEntry = 48;
constexpr std::uint64_t kHashBucket = 16;

/// Whether the program runs for events, and is not an iterator that user space runs.
bool is_probe(const bpf_program* program) {
    return !std::string_view(bpf_program__section_name(program)).starts_with("iter/");
}

/// Programs that bpf/include declares: in cgroup_events.bpf.h, in tree.bpf.h, and for every
/// THREAD_STATE.
constexpr std::array kCgroupEvents{"tally_cgroup_mkdir",  "tally_cgroup_rmdir",
                                   "tally_cgroup_rename", "tally_cgroup_attach_task",
                                   "tally_cgroup_exec",   "tally_cgroup_exit"};
constexpr std::array kTree{"tally_tree_root", "tally_tree_exec", "tally_tree_newtask",
                           "tally_tree_free"};
/// Of sockets.bpf.h: each stands in for the other where the kernel leaves it out.
constexpr std::array<std::string_view, 2> kTwice{"tally_tcp_state", "tally_tcp_state_again"};
constexpr const char* kReader = "tally_reader";
constexpr const char* kByNumber = "_by_number";
constexpr const char* kByAddress = "_by_address";
constexpr const char* kByTask = "_by_task";
constexpr const char* kThreadGone = "_thread_gone";
constexpr const char* kThreadMade = "_thread_made";
constexpr const char* kThreadsExisting = "_threads_existing";

/// tally_thread_slot() of bpf/include/thread_state.bpf.h permutes blocks of 256.
std::uint32_t array_size(std::uint32_t numbers) {
    return (numbers + 255) / 256 * 256;
}

/// What the kernel sets aside for a map, in bytes.
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

}  // namespace

void Tracer::ObjectCloser::operator()(bpf_object* object) const {
    bpf_object__close(object);
}
void Tracer::LinkCloser::operator()(bpf_link* link) const {
    bpf_link__destroy(link);
}

Tracer::Tracer(std::string name, std::span<const std::byte> object)
    : Tracer(std::move(name), object, false) {}

Tracer Tracer::engine_only(std::string name, std::span<const std::byte> object) {
    return Tracer(std::move(name), object, true);
}

Tracer::Tracer(std::string name, std::span<const std::byte> object, bool engine_only)
    : name_(std::move(name)) {
    check_object(name_, object);
    handle_function_sections();
    bpf_object_open_opts options{};
    options.sz = sizeof options;
    options.object_name = name_.c_str();
    object_.reset(bpf_object__open_mem(object.data(), object.size(), &options));
    if (!object_) {
        throw Error("{} is not a BPF object that can be read: {}", name_, first_libbpf_warning());
    }
    schema_ =
        engine_only ? read_engine_schema(object_.get(), name_) : read_schema(object_.get(), name_);
}

Tracer::~Tracer() = default;
Tracer::Tracer(Tracer&&) noexcept = default;

/// The bytes of a constant in the object, ours until load(); empty: there is none of that name.
std::span<std::byte> Tracer::find_constant(const std::string& variable) const {
    const btf* types = bpf_object__btf(object_.get());
    const std::int32_t id = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
    bpf_map* constants = nullptr;
    bpf_map* each = nullptr;
    bpf_object__for_each_map(each, object_.get()) {
        if (std::string_view(bpf_map__name(each)).ends_with(".rodata")) {
            constants = each;
        }
    }
    if (id <= 0 || constants == nullptr) {
        return {};
    }
    std::size_t size = 0;
    // libbpf 1.1 hands them out as const.
    void* data = const_cast<void*>(bpf_map__initial_value(constants, &size));
    const btf_type* section = btf__type_by_id(types, static_cast<std::uint32_t>(id));
    const btf_var_secinfo* info = btf_var_secinfos(section);
    for (int i = 0; i < btf_vlen(section); ++i) {
        const btf_type* found = btf__type_by_id(types, info[i].type);
        if (variable == btf__name_by_offset(types, found->name_off) &&
            info[i].size <= sizeof(std::uint64_t) &&
            std::size_t{info[i].offset} + info[i].size <= size) {
            return {static_cast<std::byte*>(data) + info[i].offset, info[i].size};
        }
    }
    return {};
}

bool Tracer::has_constant(const std::string& variable) const {
    return !find_constant(variable).empty();
}

void Tracer::set_constant(const std::string& variable, std::uint64_t value) {
    const std::span<std::byte> bytes = find_constant(variable);
    if (bytes.empty()) {
        throw Error("{} has no constant '{}'", name_, variable);
    }
    std::memcpy(bytes.data(), &value, bytes.size());  // little endian: the low bytes come first
}

bpf_map* Tracer::find_map(const std::string& map) const {
    bpf_map* found = bpf_object__find_map_by_name(object_.get(), map.c_str());
    if (found == nullptr) {
        throw Error("{} has no map '{}'", name_, map);
    }
    return found;
}

bpf_program* Tracer::find_program(const std::string& program) const {
    bpf_program* found = bpf_object__find_program_by_name(object_.get(), program.c_str());
    if (found == nullptr) {
        throw Error("{} has no program '{}'", name_, program);
    }
    return found;
}

void Tracer::size_slots(const MapSizes& sizes) {
    const std::vector<const SlotsSchema*> all = schema_.slots();
    if (all.empty()) {
        return;
    }
    const auto cpus = static_cast<std::uint32_t>(std::max(1, libbpf_num_possible_cpus()));
    const std::uint32_t shards = std::min(kMostShards, std::bit_ceil(cpus));
    set_constant("tally_shard_mask", shards - 1);

    const auto left = lockable_ ? std::optional(memory_left()) : std::nullopt;
    for (const SlotsSchema* each : all) {
        std::uint64_t memory = each->has_own_keys ? kOwnKeysSlotMemory : kSlotMemory;
        std::uint64_t slot_memory = each->slot_size;
        if (left) {
            memory = std::min(memory, *left);
            // With its key in the index, its place among the free ones.
            slot_memory += each->key_size + kHashEntry + 2 * kHashBucket + 16;
        }
        const std::uint64_t slots = sizes.max_keys
                                        ? std::uint64_t{*sizes.max_keys} * shards
                                        : std::min(memory / all.size() / slot_memory, kMostSlots);
        const auto count =
            static_cast<std::uint32_t>(std::clamp<std::uint64_t>(slots, 1, 1U << 24));
        for (const char* map : {"", kIndex, kFree}) {
            bpf_map__set_max_entries(find_map(each->name + map), count);
        }
    }
}

void Tracer::size_ring(const MapSizes& sizes) {
    if (schema_.events.empty()) {
        return;
    }
    std::uint32_t size = sizes.ring_size.value_or(kRingSize);
    if (lockable_ && !sizes.ring_size) {
        size = std::bit_floor(
            static_cast<std::uint32_t>(std::min<std::uint64_t>(memory_left(), kRingSize)));
    }
    bpf_map__set_max_entries(find_map("tally_events"), size);
    set_constant("tally_ring_half", size / 2);
    std::uint32_t kind = 0;
    for (const EventsSchema& each : schema_.events) {
        set_constant(each.kind, kind++);
    }
}

void Tracer::set_tells_events(bool wanted) {
    if (!schema_.has_both()) {
        return;
    }
    set_constant("tally_tells_events", wanted);
    const auto leave_out = [&](const std::string& map) {
        bpf_map__set_autocreate(find_map(map), false);
    };
    if (!wanted) {
        leave_out("tally_events");
        for (const EventsSchema& each : schema_.events) {
            leave_out(each.name);
        }
        schema_.events.clear();
        return;
    }
    for (const SlotsSchema* each : schema_.slots()) {
        for (const char* map : {"", kIndex, kFree}) {
            leave_out(each->name + map);
        }
    }
    schema_.histograms.clear();
    schema_.counts.clear();
}

void Tracer::set_reader_left_out(bool left_out) {
    set_constant("target_leaves_tally_out", left_out);
}

void Tracer::leave_out_reader() const {
    read_iterator(kReader);
}

void Tracer::fill_free_slots() {
    for (const SlotsSchema* each : schema_.slots()) {
        const int free = map_fd(each->name + kFree);
        // It is a stack: slot 0 is on top, so what is used lies together.
        for (std::uint32_t number = max_entries(each->name); number-- > 0;) {
            if (bpf_map_update_elem(free, nullptr, &number, BPF_ANY) != 0) {
                throw Error("{} cannot set up its maps: {}", name_, std::strerror(errno));
            }
        }
    }
}

void Tracer::free_slot(const SlotsSchema& slots, std::uint32_t number, const std::byte* key) {
    const std::vector<std::byte> unused(slots.slot_size);
    bpf_map_delete_elem(map_fd(slots.name + kIndex), key);
    bpf_map_update_elem(map_fd(slots.name), &number, unused.data(), BPF_ANY);
    bpf_map_update_elem(map_fd(slots.name + kFree), nullptr, &number, BPF_ANY);
}

ThreadStates Tracer::thread_states() const {
    // For tests, which cannot raise pid_max on somebody's machine.
    if (const char* forced = std::getenv("TALLY_THREAD_STATE")) {
        const std::string_view way = forced;
        return way == "array"     ? ThreadStates::by_number
               : way == "storage" ? ThreadStates::in_storage
                                  : ThreadStates::by_address;
    }
    std::uint64_t arrays = 0;
    for (const std::string& state : schema_.thread_states) {
        arrays += std::uint64_t{array_size(thread_number_limit())} *
                  bpf_map__value_size(find_map(state + kByNumber));
    }
    if (lockable_ ? arrays <= *lockable_ / 4 : thread_number_limit() <= kMostThreadNumbers) {
        return ThreadStates::by_number;
    }
    return has_task_storage() ? ThreadStates::in_storage : ThreadStates::by_address;
}

void Tracer::size_thread_states() {
    if (schema_.thread_states.empty()) {
        return;
    }
    const ThreadStates way = thread_states();
    set_constant("tally_threads_by_number", way == ThreadStates::by_number);
    set_constant("tally_threads_by_address", way == ThreadStates::by_address);
    for (const std::string& state : schema_.thread_states) {
        bpf_map__set_max_entries(
            find_map(state + kByNumber),
            way == ThreadStates::by_number ? array_size(thread_number_limit()) : 1);
        bpf_map__set_max_entries(find_map(state + kByAddress),
                                 lockable_ ? kLockedThreads : kMostThreads);
        bpf_map__set_autocreate(find_map(state + kByAddress), way == ThreadStates::by_address);
        bpf_map__set_autocreate(find_map(state + kByTask), way == ThreadStates::in_storage);
        bpf_program__set_autoload(find_program(state + kThreadGone),
                                  way == ThreadStates::by_address);
        for (const std::string& program : {state + kThreadMade, state + kThreadsExisting}) {
            bpf_program__set_autoload(find_program(program), way == ThreadStates::in_storage);
        }
    }
}

void Tracer::size_maps(const MapSizes& sizes) {
    lockable_ = lockable_memory();
    if (lockable_) {
        bpf_map* map = nullptr;
        bpf_object__for_each_map(map, object_.get()) {
            const bpf_map_type type = bpf_map__type(map);
            if (type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH) {
                bpf_map__set_max_entries(map, std::min(bpf_map__max_entries(map), kLockedEntries));
            } else if (type == BPF_MAP_TYPE_RINGBUF) {
                bpf_map__set_max_entries(map, kLockedRingSize);
            }
        }
    }
    size_thread_states();
    // Last what takes all that is left, where not everything is to be had.
    size_ring(sizes);
    size_slots(sizes);
}

std::optional<std::string> Tracer::shrunk() const {
    if (!lockable_) {
        return std::nullopt;
    }
    return fmt::format(
        "maps are smaller, since this user may lock {} KiB in all: raise that with ulimit -l "
        "unlimited",
        *lockable_ / 1024);
}

std::uint64_t Tracer::memory_left() const {
    const std::uint64_t taken = map_memory() + *lockable_ / 8;
    if (taken + kLeastLeft > *lockable_) {
        throw Error(
            "{} needs {} KiB for its maps, and this user may lock no more than {}: raise that with "
            "ulimit -l unlimited",
            name_, (taken + kLeastLeft) / 1024, *lockable_ / 1024);
    }
    return *lockable_ - taken;
}

void Tracer::set_tree(bool wanted) {
    set_constant("target_by_tree", wanted);
    bpf_map__set_autocreate(find_map("target_tree"), wanted);
    for (const char* program : kTree) {
        bpf_program__set_autoload(find_program(program), wanted);
    }
}

void Tracer::use(const ProbePlan& plan) {
    if (plan.failure) {
        throw Error(describe(name_, *plan.failure));
    }
    set_function_targets(plan.targets);
    for (const ProbePlan::Probe& each : plan.probes) {
        bpf_program__set_autoload(find_program(each.probe.program), each.is_chosen);
    }
}

void Tracer::enter_tree() const {
    read_iterator(kTree.front());
}

void Tracer::load(const MapSizes& sizes) {
    set_tells_events(false);
    size_maps(sizes);
    const int error = bpf_object__load(object_.get());
    if (error == 0) {
        fill_free_slots();
        make_iterators();
        return;
    }
    if (!schema_.has_alternatives()) {
        use(make_probe_plan(schema_, {}));  // says which hook is not there, if that is why
    }
    if (error == -EPERM && lockable_) {
        throw Error(
            "{} does not get the memory for its maps: this user may lock {} KiB in all, raise that "
            "with ulimit -l unlimited",
            name_, *lockable_ / 1024);
    }
    if (error == -EPERM) {
        throw Error(
            "the kernel refuses to load {}: {} (root in a container or lockdown is not enough)",
            name_, first_libbpf_warning());
    }
    if (const auto rejection = verifier_rejection(); rejection && !rejection->reason.empty()) {
        throw Error("the kernel's verifier refuses '{}' of {}: {}{}{}; -v shows all that it says",
                    rejection->program, name_, rejection->reason,
                    rejection->source.empty() ? "" : ", at: ", rejection->source);
    }
    throw Error("cannot load {}: {}; -v shows all that the kernel says", name_,
                first_libbpf_warning().empty() ? std::strerror(-error) : first_libbpf_warning());
}

void Tracer::attach_program(bpf_program* program) {
    std::unique_ptr<bpf_link, LinkCloser> link(bpf_program__attach(program));
    if (!link) {
        const int error = errno;
        links_.clear();
        throw Error("{} cannot attach to {}: {}", name_, bpf_program__section_name(program),
                    std::strerror(error));
    }
    links_.push_back(std::move(link));
}

void Tracer::attach_cgroup_events() {
    for (const char* program : kCgroupEvents) {
        attach_program(find_program(program));
    }
}

void Tracer::attach() {
    // New threads get their place first, then those that exist, then the events may come.
    std::vector<std::string> before(kCgroupEvents.begin(), kCgroupEvents.end());
    for (const std::string& state : schema_.thread_states) {
        bpf_program* made = find_program(state + kThreadMade);
        before.push_back(bpf_program__name(made));
        if (bpf_program__autoload(made)) {
            attach_program(made);
            read_iterator(state + kThreadsExisting);
        }
    }
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_.get()) {
        const std::string program_name = bpf_program__name(program);
        if (is_probe(program) && bpf_program__autoload(program) &&
            std::find(before.begin(), before.end(), program_name) == before.end()) {
            attach_program(program);
        }
    }
    set_started(true);
}

void Tracer::set_started(bool started) {
    const std::uint32_t only = 0;
    const std::uint8_t value = started;
    if (bpf_map_update_elem(map_fd(".data.tally"), &only, &value, BPF_ANY) != 0) {
        throw Error("{} cannot be started: {}", name_, std::strerror(errno));
    }
}

void Tracer::detach() {
    set_started(false);  // all probes at once, as they began
    links_.clear();
    // A program that began before its link went may still be running on another CPU. This waits for
    // it on every kernel tried; where it is refused (nohz_full) a moment must do.
    if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

int Tracer::map_fd(const std::string& map) const {
    return bpf_map__fd(find_map(map));
}

std::uint32_t Tracer::max_entries(const std::string& map) const {
    return bpf_map__max_entries(find_map(map));
}

bool Tracer::add_to_set(const std::string& map, const void* key) {
    const std::uint8_t member = 1;
    return bpf_map_update_elem(map_fd(map), key, &member, BPF_ANY) == 0;
}

void Tracer::remove_from_set(const std::string& map, const void* key) {
    bpf_map_delete_elem(map_fd(map), key);
}

/// While there is still the right to: reading needs none.
void Tracer::make_iterators() {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_.get()) {
        if (is_probe(program) || !bpf_program__autoload(program)) {
            continue;
        }
        auto& link = iterators_[bpf_program__name(program)];
        link.reset(bpf_program__attach_iter(program, nullptr));
        if (!link) {
            throw Error("{} cannot set up {}: {}", name_, bpf_program__section_name(program),
                        std::strerror(errno));
        }
    }
}

std::vector<std::byte> Tracer::read_iterator(const std::string& program) const {
    const auto link = iterators_.find(program);
    if (link == iterators_.end()) {
        throw Error("{} has no iterator '{}'", name_, program);
    }
    const FileDescriptor file(bpf_iter_create(bpf_link__fd(link->second.get())));
    std::vector<std::byte> all;
    std::size_t used = 0;
    for (;;) {
        all.resize(used + 65536);
        const ssize_t got = ::read(file.get(), all.data() + used, all.size() - used);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;  // EAGAIN: the iterator gave way after very many threads that said nothing
        }
        if (got < 0) {
            throw Error("{} cannot read the list of threads: {}", name_, std::strerror(errno));
        }
        used += static_cast<std::size_t>(got);
        if (got == 0) {
            all.resize(used);
            return all;
        }
    }
}

std::uint64_t Tracer::missed_runs() const {
    std::uint64_t missed = 0;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_.get()) {
        if (std::find(kTwice.begin(), kTwice.end(), bpf_program__name(program)) != kTwice.end()) {
            continue;
        }
        bpf_prog_info info{};
        std::uint32_t size = sizeof info;
        const int fd = bpf_program__fd(program);
        if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0) {
            missed += info.recursion_misses;
        }
    }
    return missed;
}

std::uint64_t Tracer::map_memory() const {
    std::uint64_t bytes = 0;
    const bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object_.get()) {
        if (bpf_map__autocreate(map)) {
            bytes += memory_of(map);
        }
    }
    return bytes;
}

}  // namespace tally
