// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// From the bytes of a field to its value: the `decode` functions of the rows of field_types.cpp.
#pragma once

#include "fields/field.h"

namespace tally {

EventValue decode_number(const StructField& field, const std::byte* bytes, const DecodeContext&,
                         std::string&);
/// NO_DURATION, NO_BYTES: null.
EventValue decode_quantity(const StructField& field, const std::byte* bytes, const DecodeContext&,
                           std::string&);
/// NO_USER: null.
EventValue decode_user(const StructField& field, const std::byte* bytes, const DecodeContext&,
                       std::string&);
EventValue decode_signed(const StructField& field, const std::byte* bytes, const DecodeContext&,
                         std::string&);
/// Negative: null.
EventValue decode_natural(const StructField& field, const std::byte* bytes, const DecodeContext&,
                          std::string&);
EventValue decode_bool(const StructField& field, const std::byte* bytes, const DecodeContext&,
                       std::string&);
/// Up to its first NUL.
EventValue decode_array(const StructField& field, const std::byte* bytes, const DecodeContext&,
                        std::string&);
/// Empty: null; in a key the empty text, which is the name of a thread without one.
EventValue decode_comm(const StructField& field, const std::byte* bytes, const DecodeContext&,
                       std::string&);
/// 0: null.
EventValue decode_time(const StructField& field, const std::byte* bytes, const DecodeContext&,
                       std::string&);
EventValue decode_enumeration(const StructField& field, const std::byte* bytes,
                              const DecodeContext&, std::string& room);
EventValue decode_capability(const StructField& field, const std::byte* bytes, const DecodeContext&,
                             std::string& room);
/// NO_SYSCALL: null.
EventValue decode_syscall(const StructField& field, const std::byte* bytes, const DecodeContext&,
                          std::string& room);
/// 0: null.
EventValue decode_error(const StructField& field, const std::byte* bytes, const DecodeContext&,
                        std::string& room);
/// 0: null.
EventValue decode_signal(const StructField& field, const std::byte* bytes, const DecodeContext&,
                         std::string& room);
EventValue decode_open_flags(const StructField& field, const std::byte* bytes, const DecodeContext&,
                             std::string& room);
/// NO_MODE: null.
EventValue decode_file_mode(const StructField& field, const std::byte* bytes, const DecodeContext&,
                            std::string& room);
/// TALLY_NO_FLAGS: null.
EventValue decode_named_flags(const StructField& field, const std::byte* bytes,
                              const DecodeContext&, std::string& room);
EventValue decode_address(const StructField& field, const std::byte* bytes, const DecodeContext&,
                          std::string& room);
/// Six words.
EventValue decode_arguments(const StructField& field, const std::byte* bytes, const DecodeContext&,
                            std::string& room);
/// The content of `room`; empty: null.
EventValue decode_container(const StructField& field, const std::byte* bytes, const DecodeContext&,
                            std::string& room);
/// TALLY_TEXT_NONE: null. The text lies within that of the context.
EventValue decode_string(const StructField& field, const std::byte* bytes,
                         const DecodeContext& context, std::string&);
EventValue decode_words(const StructField& field, const std::byte* bytes,
                        const DecodeContext& context, std::string&);

}  // namespace tally
