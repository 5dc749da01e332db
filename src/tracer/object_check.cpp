// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/object_check.h"

#include <bpf/btf.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "util/error.h"

namespace tally {
namespace {

/// How deep types may nest: the limit of the kernel (MAX_RESOLVE_DEPTH) and of libbpf.
constexpr std::uint8_t kDeepest = 32;

struct ElfCloser {
    void operator()(Elf* elf) const { elf_end(elf); }
};
struct BtfCloser {
    void operator()(btf* types) const { btf__free(types); }
};

/// The content of the section .BTF; null if there is none.
const Elf_Data* find_btf(Elf* elf) {
    std::size_t names = 0;
    if (elf_getshdrstrndx(elf, &names) != 0) {
        return nullptr;
    }
    for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
         section = elf_nextscn(elf, section)) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr || header.sh_type == SHT_NOBITS) {
            continue;
        }
        const char* name = elf_strptr(elf, names, header.sh_name);
        if (name != nullptr && std::string_view(name) == BTF_ELF_SEC) {
            return elf_rawdata(section, nullptr);
        }
    }
    return nullptr;
}

class BtfChecker {
  public:
    BtfChecker(const std::string& name, const btf* types)
        : name_(name), types_(types), depths_(btf__type_cnt(types)) {}

    void check() {
        for (std::uint32_t id = 1; id < depths_.size(); ++id) {
            check_references(type(id));
            depth_of(id, 0);
        }
    }

  private:
    const btf_type* type(std::uint32_t id) const {
        if (id >= depths_.size()) {
            damaged();
        }
        return btf__type_by_id(types_, id);
    }

    void check_string(std::uint32_t offset) const {
        if (btf__name_by_offset(types_, offset) == nullptr) {
            damaged();
        }
    }

    [[noreturn]] void damaged() const {
        throw Error("{} is not a readable BPF object: its BTF is damaged", name_);
    }

    /// Checks that everything a type refers to exists. Its own length has been checked by
    /// btf__new().
    void check_references(const btf_type* each) const {
        check_string(each->name_off);
        switch (btf_kind(each)) {
            case BTF_KIND_PTR:
            case BTF_KIND_TYPEDEF:
            case BTF_KIND_VOLATILE:
            case BTF_KIND_CONST:
            case BTF_KIND_RESTRICT:
            case BTF_KIND_TYPE_TAG:
            case BTF_KIND_VAR:
            case BTF_KIND_DECL_TAG:
                type(each->type);
                break;
            case BTF_KIND_FUNC:
                if (!btf_is_func_proto(type(each->type))) {
                    damaged();
                }
                break;
            case BTF_KIND_ARRAY:
                type(btf_array(each)->type);
                type(btf_array(each)->index_type);
                break;
            case BTF_KIND_STRUCT:
            case BTF_KIND_UNION:
                for (int i = 0; i < btf_vlen(each); ++i) {
                    check_string(btf_members(each)[i].name_off);
                    type(btf_members(each)[i].type);
                }
                break;
            case BTF_KIND_ENUM:
                for (int i = 0; i < btf_vlen(each); ++i) {
                    check_string(btf_enum(each)[i].name_off);
                }
                break;
            case BTF_KIND_ENUM64:
                for (int i = 0; i < btf_vlen(each); ++i) {
                    check_string(btf_enum64(each)[i].name_off);
                }
                break;
            case BTF_KIND_FUNC_PROTO:
                type(each->type);
                for (int i = 0; i < btf_vlen(each); ++i) {
                    check_string(btf_params(each)[i].name_off);
                    type(btf_params(each)[i].type);
                }
                break;
            case BTF_KIND_DATASEC:
                for (int i = 0; i < btf_vlen(each); ++i) {
                    const btf_type* variable = type(btf_var_secinfos(each)[i].type);
                    // clang puts functions without a definition into a section of their own
                    if (!btf_is_var(variable) && !btf_is_func(variable)) {
                        damaged();
                    }
                }
                break;
            default:
                break;  // refers to nothing
        }
    }

    /// How many levels of types a type nests: 1 for an integer. A type that contains itself has no
    /// end. `level`: how deep this one is nested.
    std::uint8_t depth_of(std::uint32_t id, std::uint8_t level) {
        const btf_type* each = type(id);
        if (level + depths_[id] > kDeepest || level >= kDeepest) {
            damaged();
        }
        if (depths_[id] != 0) {
            return depths_[id];
        }
        std::uint8_t below = 0;
        const auto look = [&](std::uint32_t content) {
            if (content != 0) {
                below = std::max(below, depth_of(content, static_cast<std::uint8_t>(level + 1)));
            }
        };
        if (btf_is_mod(each) || btf_is_typedef(each) || btf_is_var(each)) {
            look(each->type);
        } else if (btf_is_array(each)) {
            look(btf_array(each)->type);
        } else if (btf_is_composite(each)) {
            for (int i = 0; i < btf_vlen(each); ++i) {
                look(btf_members(each)[i].type);
            }
        }
        return depths_[id] = static_cast<std::uint8_t>(below + 1);
    }

    const std::string& name_;
    const btf* types_;
    std::vector<std::uint8_t> depths_;  ///< by id; 0: not known yet
};

}  // namespace

void check_object(const std::string& name, std::span<const std::byte> object) {
    elf_version(EV_CURRENT);
    // libelf takes bytes that it might change; nothing here makes it do so.
    auto* bytes = const_cast<char*>(reinterpret_cast<const char*>(object.data()));
    const std::unique_ptr<Elf, ElfCloser> elf(elf_memory(bytes, object.size()));
    GElf_Ehdr header;
    if (!elf || elf_kind(elf.get()) != ELF_K_ELF || gelf_getehdr(elf.get(), &header) == nullptr) {
        throw Error(
            "{} is not a BPF object: it is not an ELF file; C source must be compiled first "
            "(docs/new-tool.md)",
            name);
    }
    if (header.e_ident[EI_DATA] != ELFDATA2LSB) {
        throw Error("{} has the byte order of other machines: build it with --target=bpf", name);
    }
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_REL ||
        header.e_machine != EM_BPF) {
        throw Error("{} is not a BPF object: build it with clang --target=bpf -c", name);
    }
    std::size_t sections = 0;
    if (header.e_shoff == 0 || elf_getshdrnum(elf.get(), &sections) != 0 ||
        header.e_shoff + sections * header.e_shentsize > object.size()) {
        throw Error("{} is not a readable BPF object: it is truncated", name);
    }
    const Elf_Data* content = find_btf(elf.get());
    if (content == nullptr || content->d_buf == nullptr) {
        throw Error("{} has no BTF, which holds a tracer's declarations: build it with clang -g",
                    name);
    }
    const std::unique_ptr<btf, BtfCloser> types(
        btf__new(content->d_buf, static_cast<std::uint32_t>(content->d_size)));
    if (!types) {
        throw Error("{} is not a readable BPF object: its BTF is damaged", name);
    }
    BtfChecker(name, types.get()).check();
}

}  // namespace tally
