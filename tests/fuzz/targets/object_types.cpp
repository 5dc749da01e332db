// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The BTF of such an object alone, in an ELF file made around it: what check_object() lets through,
// libbpf can walk.
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>

#include <cstring>
#include <string>
#include <vector>

#include "fuzz.h"
#include "tracer/object_check.h"
#include "util/error.h"

using namespace tally;

namespace {

constexpr std::string_view kNames("\0.shstrtab\0.BTF\0", 16);

std::string object_around(std::string_view types) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_REL;
    header.e_machine = EM_BPF;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof header;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shoff = sizeof header;
    header.e_shnum = 3;
    header.e_shstrndx = 1;
    Elf64_Shdr sections[3]{};
    sections[1].sh_name = 1;
    sections[1].sh_type = SHT_STRTAB;
    sections[1].sh_offset = sizeof header + sizeof sections;
    sections[1].sh_size = kNames.size();
    sections[2].sh_name = 11;
    sections[2].sh_type = SHT_PROGBITS;
    sections[2].sh_offset = sections[1].sh_offset + kNames.size();
    sections[2].sh_size = types.size();
    std::string object(reinterpret_cast<const char*>(&header), sizeof header);
    object.append(reinterpret_cast<const char*>(sections), sizeof sections);
    return object.append(kNames).append(types);
}

void walk(const btf* types) {
    const std::uint32_t count = btf__type_cnt(types);
    for (std::uint32_t id = 1; id < count; ++id) {
        const btf_type* type = btf__type_by_id(types, id);
        MUST(type != nullptr);
        MUST(btf__name_by_offset(types, type->name_off) != nullptr);
        btf__resolve_size(types, id);
        btf__align_of(types, id);
        btf__resolve_type(types, id);
    }
}

}  // namespace

FUZZ_TARGET(object_types) {
    libbpf_set_print(nullptr);
    const std::string object = object_around(bytes);
    try {
        check_object("it", std::as_bytes(std::span(object)));
    } catch (const Error& error) {
        MUST(std::string_view(error.what()).find('\n') == std::string_view::npos);
        return;
    }
    btf* types = btf__new(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
    MUST(types != nullptr);
    walk(types);
    btf__free(types);
}
