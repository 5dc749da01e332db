// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace tally {

/// Looks whether `object` is a relocatable ELF file for BPF, of this machine's endianness, whose
/// BTF refers to nothing that is not there and to no type that contains itself. Throws Error, one
/// sentence; `name` is for that.
///
/// To be asked before libbpf sees an object that somebody else has made: libbpf 1.1 checks ELF, but
/// believes BTF (from 1.3 on it checks indices: 3903802bb99a "libbpf: Add basic BTF sanity
/// validation"). Of 2,000 copies of runqlat's object with up to eight bytes of its types changed,
/// 24 made it crash.
void check_object(const std::string& name, std::span<const std::byte> object);

}  // namespace tally
