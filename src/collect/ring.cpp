// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/ring.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "util/error.h"

namespace tally {
namespace {

/// After this many bytes their room is given back to the kernel.
constexpr std::uint64_t kPiece = 64 * 1024;

std::byte* map_memory(int map, std::size_t size, int protection, std::size_t offset) {
    void* memory = ::mmap(nullptr, size, protection, MAP_SHARED, map, static_cast<off_t>(offset));
    if (memory == MAP_FAILED) {
        throw Error("cannot read events: {}", std::strerror(errno));
    }
    return static_cast<std::byte*>(memory);
}

template <typename Number>
Number load(const std::byte* place) {
    return std::atomic_ref(*reinterpret_cast<Number*>(const_cast<std::byte*>(place)))
        .load(std::memory_order_acquire);
}

}  // namespace

KernelRing::KernelRing(int map, std::size_t size)
    : map_(map), page_size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))), size_(size) {
    const std::size_t page = page_size_;
    consumer_ = map_memory(map, page, PROT_READ | PROT_WRITE, 0);
    try {
        producer_ = map_memory(map, page + size, PROT_READ, page);
    } catch (...) {
        ::munmap(consumer_, page);
        throw;
    }
    position_ = given_back_ = load<std::uint64_t>(consumer_);
}

KernelRing::~KernelRing() {
    ::munmap(consumer_, page_size_);
    ::munmap(producer_, page_size_ + size_);
}

std::uint64_t KernelRing::look(const Visit& visit) {
    std::uint64_t position = position_;
    for (const std::uint64_t end = produced(); position < end;) {
        const Record record = at(position);
        if (!record.is_whole) {
            break;
        }
        if (record.content != 0) {
            visit(content_at(position, record.content));
        }
        position += record.length;
    }
    return position;
}

void KernelRing::take(std::uint64_t end, const Visit& visit) {
    while (position_ < end) {
        const Record record = at(position_);
        if (record.content != 0) {
            visit(content_at(position_, record.content));
        }
        position_ += record.length;
        if (position_ - given_back_ >= kPiece) {
            give_back();
        }
    }
    give_back();
}

std::uint64_t KernelRing::produced() const {
    return load<std::uint64_t>(producer_);
}

KernelRing::Record KernelRing::at(std::uint64_t position) const {
    const std::byte* header = producer_ + page_size_ + (position & (size_ - 1));
    const auto length = load<std::uint32_t>(header);
    if ((length & BPF_RINGBUF_BUSY_BIT) != 0) {
        return {};
    }
    const std::uint32_t content = length & ~BPF_RINGBUF_DISCARD_BIT;
    Record record;
    record.is_whole = true;
    record.length = (std::uint64_t{content} + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
    if ((length & BPF_RINGBUF_DISCARD_BIT) == 0 && content <= size_) {
        record.content = content;
    }
    return record;
}

std::span<const std::byte> KernelRing::content_at(std::uint64_t position, std::size_t size) {
    const std::byte* data = producer_ + page_size_;
    const std::size_t begin = (position + BPF_RINGBUF_HDR_SZ) & (size_ - 1);
    const std::size_t first = std::min(size, size_ - begin);
    if (first == size) {
        return {data + begin, size};
    }
    joined_.assign(data + begin, data + begin + first);
    joined_.insert(joined_.end(), data, data + (size - first));
    return joined_;
}

void KernelRing::give_back() {
    std::atomic_ref(*reinterpret_cast<std::uint64_t*>(consumer_))
        .store(position_, std::memory_order_release);
    given_back_ = position_;
}

}  // namespace tally
