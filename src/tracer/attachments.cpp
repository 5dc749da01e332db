// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/attachments.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "util/error.h"
#include "util/file_descriptor.h"

namespace tally {

Attachments::Attachments() = default;
Attachments::~Attachments() = default;
Attachments::Attachments(Attachments&&) noexcept = default;

void Attachments::LinkCloser::operator()(bpf_link* link) const {
    bpf_link__destroy(link);
}

void Attachments::attach(const OpenedObject& object, bpf_program* program) {
    std::unique_ptr<bpf_link, LinkCloser> link(bpf_program__attach(program));
    if (!link) {
        const int error = errno;
        links_.clear();
        throw Error("{} cannot attach to {}: {}", object.name(), bpf_program__section_name(program),
                    std::strerror(error));
    }
    links_.push_back(std::move(link));
}

void Attachments::detach() {
    links_.clear();
}

void Attachments::make_iterators(const OpenedObject& object) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.get()) {
        if (is_probe(program) || !bpf_program__autoload(program)) {
            continue;
        }
        auto& link = iterators_[bpf_program__name(program)];
        link.reset(bpf_program__attach_iter(program, nullptr));
        if (!link) {
            throw Error("{} cannot set up {}: {}", object.name(),
                        bpf_program__section_name(program), std::strerror(errno));
        }
    }
}

std::vector<std::byte> Attachments::read_iterator(const OpenedObject& object,
                                                  const std::string& program) const {
    const auto link = iterators_.find(program);
    if (link == iterators_.end()) {
        throw Error("{} has no iterator '{}'", object.name(), program);
    }
    const FileDescriptor file(bpf_iter_create(bpf_link__fd(link->second.get())));
    std::vector<std::byte> all;
    std::size_t used = 0;
    for (;;) {
        all.resize(used + 65536);
        const ssize_t got = ::read(file.get(), all.data() + used, all.size() - used);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;  // EAGAIN: the iterator gave way after very many threads without output
        }
        if (got < 0) {
            throw Error("{} cannot read the list of threads: {}", object.name(),
                        std::strerror(errno));
        }
        used += static_cast<std::size_t>(got);
        if (got == 0) {
            all.resize(used);
            return all;
        }
    }
}

}  // namespace tally
