// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "container/containers.h"
#include "tracer/tracer.h"

struct ring_buffer;

namespace tally {

/// What happened to cgroups since the last look; each list in its order.
struct CgroupEvents {
    std::vector<CgroupBirth> births;
    std::vector<CgroupBirth> renames;  ///< under their new names
    std::vector<CgroupId> deaths;
    std::vector<ProcessFacts> seen;  ///< processes in cgroups where they are new

    bool is_empty() const {
        return births.empty() && renames.empty() && deaths.empty() && seen.empty();
    }
};

/// Reads the cgroup events of a tracer after its attach_cgroup_events().
class CgroupEventReader {
  public:
    /// `tracer` is loaded and outlives this. Throws Error.
    explicit CgroupEventReader(const Tracer& tracer);

    /// Readable when there are events.
    int fd() const;

    /// Takes all pending events.
    CgroupEvents take();

  private:
    struct Closer {
        void operator()(ring_buffer* ring) const;
    };
    std::unique_ptr<CgroupEvents> taken_;  ///< at a fixed address: the ring points to it
    std::unique_ptr<ring_buffer, Closer> ring_;
};

/// Where all processes are at this moment.
std::vector<ProcessFacts> read_processes(const Tracer& tracer);

}  // namespace tally
