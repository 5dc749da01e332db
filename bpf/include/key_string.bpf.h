/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Text in keys: arrays of char, of a length that the tracer chooses.
 */
#ifndef TALLY_KEY_STRING_BPF_H
#define TALLY_KEY_STRING_BPF_H

#include "compat.bpf.h"
#include "loss.bpf.h"

/*
 * key_string(key.disk, pointer): copies a string of the kernel into an array of char of a key,
 * which is 0 until then. A longer string loses its end and leaves no NUL in the array, so it is
 * shown as cut. A string that cannot be read leaves nothing, and is counted as LOST_STRING_FAULT.
 * key_user_string(key.disk, pointer) does the same with a string in memory of the current process.
 */
#define key_string(array, pointer) tally_key_string(array, sizeof(array), pointer, false)
#define key_user_string(array, pointer) tally_key_string(array, sizeof(array), pointer, true)

static __always_inline void tally_key_string(char* array, __u32 size, const void* string,
                                             bool is_user) {
    const char* last = (const char*)string + size - 1;
    char next = 0; /* what the string has where the array needs its NUL */
    long length = is_user ? read_user_string(array, size, string)
                          : bpf_probe_read_kernel_str(array, size, string);

    if (length < 0) {
        count_one(LOST_STRING_FAULT);
        return;
    }
    if (length < size)
        return;
    if (is_user)
        bpf_probe_read_user(&next, 1, last);
    else
        bpf_probe_read_kernel(&next, 1, last);
    array[size - 1] = next;
}

#endif /* TALLY_KEY_STRING_BPF_H */
