// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/tracer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <thread>
#include <utility>

#include "tracer/engine_names.h"
#include "tracer/function_targets.h"
#include "tracer/halves.h"
#include "tracer/load_failure.h"
#include "tracer/remembered_objects.h"
#include "tracer/schema_reader.h"
#include "tracer/tool_name.h"
#include "util/error.h"
#include "wire.h"

namespace tally {
namespace {

/// The clock of bpf_ktime_get_ns(), in nanoseconds.
std::uint64_t monotonic_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

Tracer::Tracer(std::string name, std::span<const std::byte> object)
    : Tracer(std::move(name), object, false) {}

Tracer::Tracer(const Tool& tool) : Tracer(std::string(tool.name), tool.object) {
    set_up_name(object_, schema_, tool);
}

Tracer Tracer::engine_only(std::string name, std::span<const std::byte> object) {
    return Tracer(std::move(name), object, true);
}

Tracer::Tracer(std::string name, std::span<const std::byte> object, bool engine_only)
    : object_(std::move(name), object),
      schema_(engine_only ? read_engine_schema(object_.get(), object_.name())
                          : read_schema(object_.get(), object_.name())) {
    set_knows_reader(false);
}

Tracer::~Tracer() = default;
Tracer::Tracer(Tracer&&) noexcept = default;

bool Tracer::has_constant(const std::string& variable) const {
    return object_.has_constant(variable);
}

void Tracer::set_constant(const std::string& variable, std::uint64_t value) {
    object_.set_constant(variable, value);
}

void Tracer::set_tells_events(bool wanted) {
    if (schema_.has_both()) {
        keep_half(object_, schema_, wanted);
    }
}

void Tracer::set_reader_left_out(bool left_out) {
    set_constant("target_leaves_tally_out", left_out);
}

void Tracer::set_knows_reader(bool wanted) {
    set_loaded(kReaderJob, wanted);
}

void Tracer::set_loaded(const char* job, bool wanted) {
    for (const EngineProgram& each : schema_.engine_programs) {
        if (each.job == job) {
            object_.set_loaded(each.program, wanted);
        }
    }
}

bool Tracer::is_engine(const std::string& program) const {
    return std::any_of(schema_.engine_programs.begin(), schema_.engine_programs.end(),
                       [&](const EngineProgram& each) { return each.program == program; });
}

void Tracer::share_engine(const Tracer& first) {
    for (const EngineProgram& each : schema_.engine_programs) {
        object_.set_loaded(each.program, false);
    }
    object_.share_map(first.object_, kSharedData);
    for (const std::string& each : schema_.engine_maps) {
        if (object_.is_made(each)) {
            object_.share_map(first.object_, each);
        }
    }
}

void Tracer::leave_out_reader() const {
    read_iterator(kReaderProgram);
}

void Tracer::set_tree(bool wanted) {
    set_constant("target_by_tree", wanted);
    object_.set_made(kTreeMap, wanted);
    set_loaded(kTreeJob, wanted);
}

void Tracer::use(const ProbePlan& plan) {
    if (plan.failure) {
        throw Error(describe(name(), *plan.failure));
    }
    set_function_targets(plan.targets);
    for (const ProbePlan::Probe& each : plan.probes) {
        object_.set_loaded(each.probe.program, each.is_chosen);
    }
}

void Tracer::enter_tree() const {
    read_iterator(kTreeRoot);
}

void Tracer::fill_free_slots() {
    for (const SlotsSchema* each : schema_.slots()) {
        const int free = map_fd(each->name + kFreeEnding);
        // It is a stack: slot 0 is on top, so used slots lie together.
        for (std::uint32_t number = max_entries(each->name); number-- > 0;) {
            if (bpf_map_update_elem(free, nullptr, &number, BPF_ANY) != 0) {
                throw Error("{} cannot set up its maps: {}", name(), std::strerror(errno));
            }
        }
    }
}

void Tracer::load(const MapSizes& sizes) {
    set_tells_events(false);
    budget_.size(object_, schema_, sizes);
    const int error = bpf_object__load(object_.get());
    if (error == 0) {
        fill_free_slots();
        attachments_.make_iterators(object_);
        return;
    }
    if (!schema_.has_alternatives()) {
        use(make_probe_plan(schema_, {}));  // reports which hook is missing, if that is the cause
    }
    throw load_failure(name(), error, budget_.lockable());
}

void Tracer::attach_cgroup_events() {
    for (const EngineProgram& each : schema_.engine_programs) {
        if (each.job == kCgroupsJob) {
            attachments_.attach(object_, object_.program(each.program));
        }
    }
}

void Tracer::attach() {
    // First new threads get their state, then those that exist; only then may events come.
    std::vector<std::string> before;
    for (const EngineProgram& each : schema_.engine_programs) {
        if (each.job == kCgroupsJob) {
            before.push_back(each.program);
        }
    }
    for (const std::string& state : schema_.thread_states) {
        bpf_program* made = object_.program(state + kThreadMadeEnding);
        before.push_back(bpf_program__name(made));
        if (bpf_program__autoload(made)) {
            attachments_.attach(object_, made);
            read_iterator(state + kThreadsExistingEnding);
        }
    }
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_.get()) {
        const std::string program_name = bpf_program__name(program);
        if (is_probe(program) && bpf_program__autoload(program) &&
            std::find(before.begin(), before.end(), program_name) == before.end()) {
            attachments_.attach(object_, program);
        }
    }
}

void Tracer::start() {
    set_started(true);
}

void Tracer::stop() {
    set_started(false);
}

void Tracer::set_started(bool started) {
    const std::uint32_t only = 0;
    const std::uint64_t value = started ? monotonic_now() : 0;
    const int map = map_fd(kSharedData);
    const auto place = object_.find_variable(kSharedData, kStarted);
    std::vector<std::byte> data(bpf_map__value_size(object_.map(kSharedData)));
    if (!place || place->size > sizeof value || place->offset + place->size > data.size()) {
        throw Error("{} has no variable '{}'", name(), kStarted);
    }
    int error = bpf_map_lookup_elem(map, &only, data.data());
    std::memcpy(data.data() + place->offset, &value, place->size);  // little endian
    error = error != 0 ? error : bpf_map_update_elem(map, &only, data.data(), BPF_ANY);
    if (error != 0) {
        throw Error("{} cannot be started: {}", name(), std::strerror(-error));
    }
}

void Tracer::detach() {
    attachments_.detach();
}

void wait_for_programs() {
    // A program that began before its link was removed may still be running on another CPU. This
    // waits for it on every kernel tried; where it is refused (nohz_full), a short sleep must do.
    if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

int Tracer::map_fd(const std::string& map) const {
    return object_.map_fd(map);
}

std::uint32_t Tracer::max_entries(const std::string& map) const {
    return bpf_map__max_entries(object_.map(map));
}

void Tracer::free_slot(const SlotsSchema& slots, std::uint32_t number, const std::byte* key) {
    const std::vector<std::byte> unused(slots.slot_size);
    bpf_map_delete_elem(map_fd(slots.name + kIndexEnding), key);
    bpf_map_update_elem(map_fd(slots.name), &number, unused.data(), BPF_ANY);
    bpf_map_update_elem(map_fd(slots.name + kFreeEnding), nullptr, &number, BPF_ANY);
}

bool Tracer::add_to_set(const std::string& map, const void* key) {
    const std::uint8_t member = 1;
    return bpf_map_update_elem(map_fd(map), key, &member, BPF_ANY) == 0;
}

void Tracer::remove_from_set(const std::string& map, const void* key) {
    bpf_map_delete_elem(map_fd(map), key);
}

std::vector<std::byte> Tracer::read_iterator(const std::string& program) const {
    return attachments_.read_iterator(object_, program);
}

void Tracer::forget_old_objects() {
    for (const ObjectStateSchema& each : schema_.object_states) {
        const RememberedObjects objects =
            read_remembered_objects(map_fd(each.name), each.value_size);
        const std::vector<std::uint64_t> keys =
            too_old(objects, each.value_size, each.longest_ns, monotonic_now());
        tally_old_objects old{};
        for (std::size_t done = 0; done < keys.size(); done += old.count) {
            old.count = std::min<std::size_t>(keys.size() - done, TALLY_OLD_OBJECTS);
            std::copy_n(keys.begin() + static_cast<std::ptrdiff_t>(done), old.count, old.keys);
            const std::uint32_t only = 0;
            if (bpf_map_update_elem(map_fd(each.name + kOldEnding), &only, &old, BPF_ANY) != 0) {
                throw Error("{} cannot forget old objects: {}", name(), std::strerror(errno));
            }
            read_iterator(each.name + kForgetOldEnding);
        }
    }
}

std::vector<std::byte> Tracer::read_in_flight(const SlotsSchema& slots) const {
    if (!slots.in_flight_of) {
        return read_iterator(slots.name + kInFlightEnding);
    }
    const InFlightOf& of = *slots.in_flight_of;
    const RememberedObjects objects = read_remembered_objects(map_fd(of.objects), of.value_size);
    return in_flight_records(objects, of, slots.shard_offset, monotonic_now());
}

template <typename IsCounted>
std::uint64_t Tracer::count_missed_runs(IsCounted&& is_counted) const {
    std::uint64_t missed = 0;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object_.get()) {
        if (!is_counted(bpf_program__name(program))) {
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

std::uint64_t Tracer::missed_runs() const {
    return count_missed_runs([&](const std::string& program) {
        return !is_engine(program) &&
               std::find(kStandIns.begin(), kStandIns.end(), program) == kStandIns.end();
    });
}

std::uint64_t Tracer::missed_runs_of_engine() const {
    return count_missed_runs([&](const std::string& program) { return is_engine(program); });
}

std::optional<std::string> Tracer::shrunk() const {
    return budget_.shrunk();
}

std::uint64_t Tracer::map_memory() const {
    return tally::map_memory(object_);
}

}  // namespace tally
