// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "container/containers.h"
#include "tracer/tracer.h"

struct ring_buffer;

namespace tally {

/// The births of cgroups that a tracer with attach_births() reports.
class CgroupBirths {
  public:
    /// `tracer` is loaded and outlives this. Throws Error.
    explicit CgroupBirths(const Tracer& tracer);

    /// Readable when there are births.
    int fd() const;

    /// Takes all that there are, in the order in which they happened in each CPU.
    std::vector<CgroupBirth> take();

  private:
    struct Closer {
        void operator()(ring_buffer* ring) const;
    };
    std::unique_ptr<std::vector<CgroupBirth>> taken_;  ///< at a fixed place: the ring points to it
    std::unique_ptr<ring_buffer, Closer> ring_;
};

/// Where all processes are at this moment.
std::vector<ProcessFacts> read_processes(const Tracer& tracer);

}  // namespace tally
