// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/remembered_objects.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstring>
#include <span>

#include "util/error.h"
#include "wire.h"

namespace tally {
namespace {

/// How many objects one system call copies: more than one bucket of the hash map has, because the
/// kernel copies all of a bucket or none.
constexpr std::uint32_t kChunk = 1024;

tally_object object_at(const RememberedObjects& objects, std::size_t number,
                       std::size_t value_size) {
    tally_object object;
    std::memcpy(&object, objects.values.data() + number * value_size, sizeof object);
    return object;
}

}  // namespace

RememberedObjects read_remembered_objects(int fd, std::size_t value_size) {
    RememberedObjects all;
    std::uint32_t place = 0;
    for (bool is_first = true, is_over = false; !is_over; is_first = false) {
        const std::size_t used = all.keys.size();
        std::uint32_t count = kChunk;
        all.keys.resize(used + count);
        all.values.resize((used + count) * value_size);
        const int error =
            bpf_map_lookup_batch(fd, is_first ? nullptr : &place, &place, all.keys.data() + used,
                                 all.values.data() + used * value_size, &count, nullptr);
        is_over = error == -ENOENT;
        if (error != 0 && !is_over) {
            throw Error("cannot read the kernel's map of objects: {}", std::strerror(-error));
        }
        all.keys.resize(used + count);
        all.values.resize((used + count) * value_size);
    }
    return all;
}

std::vector<std::uint64_t> too_old(const RememberedObjects& objects, std::size_t value_size,
                                   std::uint64_t longest_ns, std::uint64_t now) {
    std::vector<std::uint64_t> keys;
    for (std::size_t i = 0; i < objects.keys.size(); ++i) {
        const tally_object object = object_at(objects, i, value_size);
        if (now > object.began && now - object.began > longest_ns) {
            keys.push_back(objects.keys[i]);
        }
    }
    return keys;
}

std::vector<std::byte> in_flight_records(const RememberedObjects& objects, const InFlightOf& of,
                                         std::size_t key_size, std::uint64_t now) {
    std::vector<std::byte> records;
    for (std::size_t i = 0; i < objects.keys.size(); ++i) {
        const tally_object object = object_at(objects, i, of.value_size);
        if (object.is_wanted == 0) {
            continue;
        }
        tally_in_flight one{};
        one.age = now > object.began ? now - object.began : 1;
        one.pid = object.pid;
        one.tid = object.tid;
        std::memcpy(one.comm, object.comm, sizeof one.comm);
        const auto key =
            std::span(objects.values).subspan(i * of.value_size + of.key_offset, key_size);
        const auto told = std::as_bytes(std::span(&one, 1));
        records.insert(records.end(), key.begin(), key.end());
        records.insert(records.end(), told.begin(), told.end());
    }
    return records;
}

}  // namespace tally
