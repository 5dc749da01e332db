// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>

#include "tracer/schema.h"

struct bpf_object;

namespace tally {

/// Reads the declarations of an opened object. Throws Error, one sentence, for an object that
/// declares nothing, was built for another tally, or declares what cannot work (a key with
/// padding, an option of a type that is not allowed).
TracerSchema read_schema(const bpf_object* object, const std::string& name);

/// The same for an object that is no tracer, but has the engine's own programs (bpf/engine): reads
/// only these, their maps, and what may be lost. Throws Error.
TracerSchema read_engine_schema(const bpf_object* object, const std::string& name);

}  // namespace tally
