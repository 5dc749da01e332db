/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The buckets of every histogram, defined once: the kernel side counts into them, and the user side
 * computes their edges, both with this file. Plain C for both.
 *
 * Log-linear: 0 to 7 have a bucket each; above, every power of two is cut into eight buckets of
 * equal width, so a bucket is at most 12.5 % of its lower edge wide. Values from 2^41 on (36
 * minutes in nanoseconds) share one overflow bucket, the last.
 */
#ifndef TALLY_BUCKETS_H
#define TALLY_BUCKETS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define TALLY_SUB_BUCKET_BITS 3
#define TALLY_SUB_BUCKETS (1 << TALLY_SUB_BUCKET_BITS) /* 8 for each power of two */
#define TALLY_OVERFLOW_BITS 41                         /* 2^41 and above overflow */
#define TALLY_OVERFLOW_BUCKET \
    ((TALLY_OVERFLOW_BITS - TALLY_SUB_BUCKET_BITS + 1) * TALLY_SUB_BUCKETS)
#define TALLY_BUCKETS (TALLY_OVERFLOW_BUCKET + 1)

/* The number of the highest set bit; `value` is not 0. Found by halving, since the BPF instruction
 * set has no "count leading zeros" and __builtin_clzll would become a call. */
static inline __attribute__((always_inline)) __u32 tally_highest_bit(__u64 value) {
    __u32 bit = 0;
    __u32 step;

    step = (value > 0xffffffff) << 5;
    value >>= step;
    bit |= step;
    step = (value > 0xffff) << 4;
    value >>= step;
    bit |= step;
    step = (value > 0xff) << 3;
    value >>= step;
    bit |= step;
    step = (value > 0xf) << 2;
    value >>= step;
    bit |= step;
    step = (value > 0x3) << 1;
    value >>= step;
    bit |= step;
    return bit | (__u32)(value >> 1);
}

/* The bucket that counts `value`: 0 to TALLY_OVERFLOW_BUCKET. */
static inline __attribute__((always_inline)) __u32 tally_bucket_of(__u64 value) {
    __u32 power;

    if (value < TALLY_SUB_BUCKETS)
        return (__u32)value;
    if (value >> TALLY_OVERFLOW_BITS)
        return TALLY_OVERFLOW_BUCKET;
    power = tally_highest_bit(value) - TALLY_SUB_BUCKET_BITS;
    /* The top four bits are 1xxx: the leading one moves to the next power's row. */
    return power * TALLY_SUB_BUCKETS + (__u32)(value >> power);
}

/* The smallest value of a bucket; the bucket ends where the next one begins. */
static inline __attribute__((always_inline)) __u64 tally_bucket_floor(__u32 bucket) {
    __u32 power;

    if (bucket < 2 * TALLY_SUB_BUCKETS)
        return bucket;
    power = bucket / TALLY_SUB_BUCKETS - 1;
    return (__u64)(TALLY_SUB_BUCKETS + bucket % TALLY_SUB_BUCKETS) << power;
}

#endif /* TALLY_BUCKETS_H */
