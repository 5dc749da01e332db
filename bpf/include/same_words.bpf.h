/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * memcmp() of whole words; clang makes no calls in BPF.
 */
#ifndef TALLY_SAME_WORDS_BPF_H
#define TALLY_SAME_WORDS_BPF_H

/* `size` is a constant and a multiple of 8. */
static __always_inline bool tally_same_words(const void* one, const void* other, __u32 size) {
    __u64 difference = 0;

#pragma unroll
    for (__u32 i = 0; i < size / 8; i++)
        difference |= ((const __u64*)one)[i] ^ ((const __u64*)other)[i];
    return !difference;
}

#endif /* TALLY_SAME_WORDS_BPF_H */
