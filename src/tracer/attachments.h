// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tracer/opened_object.h"

struct bpf_link;

namespace tally {

/// What of a loaded object hangs in the kernel: probes, and iterators that can be read. Destroying
/// it removes them.
class Attachments {
  public:
    Attachments();
    ~Attachments();
    Attachments(Attachments&&) noexcept;

    /// Attaches a program to what its section names. Throws Error, and then none is attached any
    /// more.
    void attach(const OpenedObject& object, bpf_program* program);

    /// Removes all probes. One that has begun may still be running on another CPU.
    void detach();

    /// Makes all iterators of the object, while there is the right to: reading needs none. Throws
    /// Error.
    void make_iterators(const OpenedObject& object);

    /// Runs an iterator program to its end and returns all that it wrote. Throws Error.
    std::vector<std::byte> read_iterator(const OpenedObject& object,
                                         const std::string& program) const;

  private:
    struct LinkCloser {
        void operator()(bpf_link* link) const;
    };
    std::vector<std::unique_ptr<bpf_link, LinkCloser>> links_;
    std::map<std::string, std::unique_ptr<bpf_link, LinkCloser>> iterators_;  ///< by program
};

}  // namespace tally
