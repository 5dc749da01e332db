// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// attach OBJECT: loads a BPF object, attaches all its programs, and keeps them until it is ended
// by a signal.
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cstdio>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: attach OBJECT\n");
        return 2;
    }
    bpf_object* object = bpf_object__open_file(argv[1], nullptr);
    if (object == nullptr || bpf_object__load(object) != 0) {
        std::fprintf(stderr, "attach: cannot load %s\n", argv[1]);
        return 1;
    }
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object) {
        if (bpf_program__attach(program) == nullptr) {
            std::fprintf(stderr, "attach: cannot attach %s\n", bpf_program__name(program));
            return 1;
        }
    }
    ::pause();
}
