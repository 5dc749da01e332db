// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// One reader for each kind of declaration (bpf/include/declare.bpf.h and the headers that use it).
// Each takes the tagged variable, mostly a map, and what follows the kind in its tag. All throw
// Error, one sentence, for what is not declared with the macro or cannot work.
#pragma once

#include <string>

#include "tracer/btf_view.h"
#include "tracer/schema.h"

namespace tally {

OptionSchema read_option(const BtfView& view, const Variable& variable, const std::string& help);

SelectionSchema read_selection(const BtfView& view, const Variable& map,
                               const std::string& declared);

/// The name of the set of WAITING_CALLS().
std::string read_waiting_calls(const BtfView& view, const Variable& map);

ObjectStateSchema read_object_state(const BtfView& view, const Variable& map);

/// Adds an IN_FLIGHT_OF() to the histogram that it names. That histogram and the OBJECT_STATE() are
/// in the schema already.
void read_in_flight_of(const BtfView& view, const Variable& offset, TracerSchema& schema);

HistogramSchema read_histogram(const BtfView& view, const Variable& map, const std::string& help);

CountsSchema read_counts(const BtfView& view, const Variable& map, const std::string& help);

EventsSchema read_events(const BtfView& view, const Variable& map, const std::string& help);

OptionalProbesSchema read_optional_probes(const std::string& declared);

ChoiceSchema read_choice(const BtfView& view, const std::string& declared);

}  // namespace tally
