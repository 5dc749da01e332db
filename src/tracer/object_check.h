// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace tally {

/// Checks that `object` is a relocatable ELF file for BPF, of this machine's endianness, and that
/// its BTF has no dangling reference and no type that contains itself. Throws Error, one sentence;
/// `name` is for that.
///
/// Call it before passing libbpf an object from elsewhere: libbpf 1.1 checks ELF, but trusts BTF
/// (from 1.3 on it checks indices: 3903802bb99a "libbpf: Add basic BTF sanity validation"). Of
/// 2,000 copies of runqlat's object with up to eight bytes of its types changed, 24 made it crash.
void check_object(const std::string& name, std::span<const std::byte> object);

}  // namespace tally
