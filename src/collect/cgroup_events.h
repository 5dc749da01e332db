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
};

/// What happens to cgroups, as a tracer with attach_cgroup_events() reports it.
class CgroupEventReader {
  public:
    /// `tracer` is loaded and outlives this. Throws Error.
    explicit CgroupEventReader(const Tracer& tracer);

    /// Readable when there are events.
    int fd() const;

    /// Takes all that there are.
    CgroupEvents take();

  private:
    struct Closer {
        void operator()(ring_buffer* ring) const;
    };
    std::unique_ptr<CgroupEvents> taken_;  ///< at a fixed place: the ring points to it
    std::unique_ptr<ring_buffer, Closer> ring_;
};

/// Where all processes are at this moment.
std::vector<ProcessFacts> read_processes(const Tracer& tracer);

}  // namespace tally
