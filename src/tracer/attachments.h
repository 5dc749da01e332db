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

/// The parts of a loaded object that are attached in the kernel: probes, and iterators that can be
/// read. Destroying it detaches them.
class Attachments {
  public:
    Attachments();
    ~Attachments();
    Attachments(Attachments&&) noexcept;

    /// Attaches a program to the hook that its section names. If that fails, detaches all probes
    /// and throws Error.
    void attach(const OpenedObject& object, bpf_program* program);

    /// Detaches all probes. One that has begun may still be running on another CPU.
    void detach();

    /// Creates all iterators of the object, while the process has the right to; reading them needs
    /// none. Throws Error.
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
