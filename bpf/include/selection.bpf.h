/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Sets of values that user space fills before a tracer runs: those of an option that restricts the
 * measurement to some values of a type, and the calls that are meant to wait.
 */
#ifndef TALLY_SELECTION_BPF_H
#define TALLY_SELECTION_BPF_H

#include "declare.bpf.h"

/*
 * SELECTION(syscall, syscall_nr, "s", "only this system call"): declares the option -s, --syscall
 * VALUE, which is repeatable. syscall_is_selected(value) is true for all values if the option is
 * not given. The form of VALUE depends on the type (bpf/include/types.bpf.h): for syscall_nr it is
 * a name or a number. The letter must not be that of a common option; "": no letter.
 */
#define SELECTION(name, value_type, letter, help)                                     \
    const volatile bool name##_selection = false;                                     \
                                                                                      \
    struct {                                                                          \
        __uint(type, BPF_MAP_TYPE_HASH);                                              \
        __uint(max_entries, 1024);                                                    \
        __type(key, value_type);                                                      \
        __type(value, __u8);                                                          \
    } name##_selected SEC(".maps") TALLY_TAG("selection:" #name ":" letter ":" help); \
                                                                                      \
    static __always_inline bool name##_is_selected(value_type value) {                \
        return !name##_selection || bpf_map_lookup_elem(&name##_selected, &value);    \
    }                                                                                 \
    struct tally_semicolon

/*
 * WAITING_CALLS(slow_by_nature): slow_by_nature_includes(number) is true for the system calls that
 * are meant to take long, in all tables (waits_by_nature() of src/host/system_calls.h).
 */
#define WAITING_CALLS(name)                                          \
    struct {                                                         \
        __uint(type, BPF_MAP_TYPE_HASH);                             \
        __uint(max_entries, 1024);                                   \
        __type(key, syscall_nr);                                     \
        __type(value, __u8);                                         \
    } name SEC(".maps") TALLY_TAG("waiting_calls:");                 \
                                                                     \
    static __always_inline bool name##_includes(syscall_nr number) { \
        return bpf_map_lookup_elem(&name, &number);                  \
    }                                                                \
    struct tally_semicolon

#endif /* TALLY_SELECTION_BPF_H */
