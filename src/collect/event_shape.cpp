// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/event_shape.h"

#include "collect/owner_fields.h"

namespace tally {

EventShape shape_of(const std::string& tool, const EventsSchema& schema) {
    EventShape shape;
    shape.tool = tool;
    shape.name = schema.name;
    shape.description = schema.help;
    for (const Field& each : owner_fields(Owner())) {
        shape.key_names.push_back(each.name);
    }
    for (const StructField& field : schema.fields) {
        shape.columns.push_back({field.name, field.unit, width_of(field), field.type->is_number,
                                 false, field.is_hexadecimal()});
        if (field.has_cut_mark()) {
            shape.columns.push_back({field.name + "_cut", Unit::count, 5, false, true});
        }
    }
    return shape;
}

}  // namespace tally
