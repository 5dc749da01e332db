/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Probes that not every kernel has. A program with one of these tags is loaded only if it is
 * chosen; a program without a tag is loaded on every kernel.
 *
 *     SEC("tp_btf/cap_capable") PROBE(check, 1)
 *     int BPF_PROG(...)
 *
 * A group (`check`) is what the tracer observes, a way (`1`) is how: all programs of one group and
 * way belong together. Each group uses its first way, by name, whose hooks this kernel has and
 * allows (src/tracer/probe_plan.h). What a group is needed for is declared by one of
 *
 *     OPTIONAL_PROBES(group, "what is missing without it");
 *     CHOICE(fs, "file systems to look at");
 *
 * A group that neither names must have a way, or the tracer does not run. CHOICE declares the
 * option --fs; its values are the groups whose names begin with `fs.`, up to the next dot:
 * `fs.ext4.read` and `fs.ext4.write` are the value ext4, which this kernel has if it has all of
 * them. Chosen values must exist; without a choice all that exist are used, at least one.
 */
#ifndef TALLY_PROBES_BPF_H
#define TALLY_PROBES_BPF_H

#include "tally.bpf.h"

#define PROBE(group, way) TALLY_TAG("probe:" #group ":" #way)

/* The same, for a hook whose number of parameters, by BTF, differs between kernels. */
#define PROBE_WITH(group, way, parameters) TALLY_TAG("probe:" #group ":" #way ":" #parameters)

#define OPTIONAL_PROBES(group, without) \
    const volatile __u8 tally_optional_##group TALLY_TAG("optional:" #group ":" without) = 1

/* The same for a group whose name is not an identifier; `name` is one. */
#define OPTIONAL_PROBES_NAMED(name, group, without) \
    const volatile __u8 tally_optional_##name TALLY_TAG("optional:" #group ":" without) = 1

#define CHOICE(name, help) \
    const volatile __u8 tally_choice_##name TALLY_TAG("choice:" #name ":" help) = 1

/*
 * Functions of the kernel, by fentry and fexit, else by kprobe and kretprobe:
 *
 *     FUNCTION_ENTRY(copy_up, 1, ovl_copy_up_one, copy_up_begins, struct dentry* parent) { ... }
 *     FUNCTION_RETURN(copy_up, 1, ovl_copy_up_one, copy_up_ended) { ... result ... }
 *
 * The way is as in PROBE; a function that has another name or other parameters on other kernels is
 * another way, 2, with its own programs. The body sees the named parameters, from the first on, and
 * at the return `result`. It must read what they point to with BPF_CORE_READ, as a kprobe gets bare
 * numbers. The kernel may leave out a return probe (too many threads in the function, or a probe in
 * a probe): pair both with pairing.bpf.h, which counts what has no partner.
 *
 * fexit gets the result by a helper of 5.17 (f92c1e183604 "bpf: Add get_func_[arg|ret|arg_cnt]
 * helpers"); kretprobe is used where it is missing.
 */
#define FUNCTION_ENTRY(group, way, function, name, parameters...)    \
    static __always_inline int name##_body(void* ctx, ##parameters); \
                                                                     \
    SEC("fentry/" #function)                                         \
    TALLY_TAG("probe:" #group ":" #way " fentry")                    \
    int name##_fentry(unsigned long long* ctx) {                     \
        return name##_body(___bpf_ctx_cast(parameters));             \
    }                                                                \
                                                                     \
    SEC("kprobe/" #function)                                         \
    TALLY_TAG("probe:" #group ":" #way " kprobe")                    \
    int name##_kprobe(struct pt_regs* ctx) {                         \
        return name##_body(___bpf_kprobe_args(parameters));          \
    }                                                                \
                                                                     \
    static __always_inline int name##_body(void* ctx, ##parameters)

#define FUNCTION_RETURN(group, way, function, name)                 \
    static __always_inline int name##_body(void* ctx, long result); \
                                                                    \
    SEC("fexit/" #function)                                         \
    TALLY_TAG("probe:" #group ":" #way " fentry")                   \
    int name##_fexit(unsigned long long* ctx) {                     \
        __u64 result = 0;                                           \
                                                                    \
        bpf_get_func_ret(ctx, &result);                             \
        return name##_body(ctx, (long)result);                      \
    }                                                               \
                                                                    \
    SEC("kretprobe/" #function)                                     \
    TALLY_TAG("probe:" #group ":" #way " kprobe")                   \
    int name##_kretprobe(struct pt_regs* ctx) {                     \
        return name##_body(ctx, PT_REGS_RC(ctx));                   \
    }                                                               \
                                                                    \
    static __always_inline int name##_body(void* ctx, long result)

#endif /* TALLY_PROBES_BPF_H */
