/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * TCP sockets: their addresses, their owners, and the state of a connection, which is kept from one
 * change of the socket's state to the next.
 *
 * A socket's state changes when a packet arrives, in an interrupt, while any thread of any
 * container is the current one. In these changes the current thread is the socket's own
 * (net/ipv4/tcp.c, tcp_ipv4.c): to SYN_SENT, in connect(), and to FIN_WAIT1 or LAST_ACK, in close()
 * or shutdown(). Elsewhere a socket has a cgroup, but no thread.
 */
#ifndef TALLY_SOCKETS_BPF_H
#define TALLY_SOCKETS_BPF_H

#include "events.bpf.h"

#define TALLY_AF_INET6 10
#define TALLY_SEND_SHUTDOWN 2
#define TALLY_SOCK_DONE 1 /* enum sock_flags: a FIN has arrived */

struct connection {
    __u64 since;             /* clock_ns(); 0: not known */
    struct event_head owner; /* tid 0: only its cgroup is known */
    __u32 remote_word;       /* with the next: identifies the peer */
    __u16 remote_port;
    bool is_active;   /* opened by connect() */
    bool is_included; /* the result of target_includes() for the owner */
};

/* By the address of the struct sock, removed at CLOSE. Not sk_storage, which tracing programs can
 * use only since 5.11 (8e4597c627fb "bpf: Allow using bpf_sk_storage in FENTRY/FEXIT/RAW_TP").
 * Addresses are reused. An entry belongs to the current socket, since the first change of state of
 * each connection overwrites whatever was left; if the kernel ran the program neither for that
 * change nor for the end of the previous connection, the peers differ. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 131072);
    __type(key, __u64);
    __type(value, struct connection);
} tally_connections SEC(".maps");

static __always_inline bool is_tcp(const struct sock* sk) {
    return sk->sk_protocol == IPPROTO_TCP;
}

/* False too if the kernel has no IPv6. */
static __always_inline bool tally_is_ip6(const struct sock_common* socket) {
    return bpf_core_field_exists(socket->skc_v6_daddr) &&
           BPF_CORE_READ(socket, skc_family) == TALLY_AF_INET6;
}

static __always_inline __u32 tally_remote_word(const struct sock* sk) {
    if (tally_is_ip6(&sk->__sk_common))
        return BPF_CORE_READ(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[3]);
    return sk->__sk_common.skc_daddr;
}

static __always_inline struct connection* connection_of(const struct sock* sk) {
    __u64 key = (__u64)sk;
    struct connection* found = bpf_map_lookup_elem(&tally_connections, &key);

    if (!found || found->remote_word != tally_remote_word(sk) ||
        found->remote_port != sk->__sk_common.skc_dport)
        return NULL;
    return found;
}

/* Stores it, in place of a connection that ended unseen, if any. False: there is no room. */
static __always_inline bool connection_begin(const struct sock* sk, struct connection* connection) {
    __u64 key = (__u64)sk;
    struct connection* old = bpf_map_lookup_elem(&tally_connections, &key);

    connection->remote_word = tally_remote_word(sk);
    connection->remote_port = sk->__sk_common.skc_dport;
    if (old && (old->owner.tid ? old->is_included : target_includes_cgroup(old->owner.cgroup)))
        count_one(LOST_UNMATCHED_BEGIN);
    if (!bpf_map_update_elem(&tally_connections, &key, connection, BPF_ANY))
        return true;
    count_one(LOST_NO_SOCKET_STATE);
    return false;
}

static __always_inline void connection_forget(const struct sock* sk) {
    __u64 key = (__u64)sk;

    bpf_map_delete_elem(&tally_connections, &key);
}

/* Copies the connection and removes it. False: there is none. */
static __always_inline bool connection_end(const struct sock* sk, struct connection* connection) {
    struct connection* found = connection_of(sk);

    if (found)
        __builtin_memcpy(connection, found, sizeof(*connection));
    connection_forget(sk);
    return found;
}

/* The cgroup in which a socket was created; an accepted socket is a copy of the listening one and
 * has its cgroup (cgroup_sk_alloc(), cgroup_sk_clone()). Version 2 only. */
static __always_inline __u64 cgroup_of_socket(const struct sock* sk) {
    return hierarchy_number == 0 ? socket_cgroup_id(sk) : TALLY_NO_CGROUP;
}

static __always_inline void tally_put_ip4(ip_addr* to, __u32 address) {
    to->words[2] = bpf_htonl(0xffff);
    to->words[3] = address;
}

/* The addresses of a socket, or of a requested one (struct request_sock has the same beginning),
 * and the remote port. The local port is elsewhere: at CLOSE skc_num is already 0. */
static __always_inline port_nr addresses_of(const struct sock_common* socket, ip_addr* local,
                                            ip_addr* remote) {
    if (tally_is_ip6(socket)) {
        bpf_core_read(local->words, sizeof(local->words), &socket->skc_v6_rcv_saddr);
        bpf_core_read(remote->words, sizeof(remote->words), &socket->skc_v6_daddr);
    } else {
        tally_put_ip4(local, BPF_CORE_READ(socket, skc_rcv_saddr));
        tally_put_ip4(remote, BPF_CORE_READ(socket, skc_daddr));
    }
    return bpf_ntohs(BPF_CORE_READ(socket, skc_dport));
}

static __always_inline port_nr local_port_of(const struct sock* sk) {
    return bpf_ntohs(BPF_CORE_READ((const struct inet_sock*)sk, inet_sport));
}

/* Defined by the tool: called when the state of a TCP socket has changed. */
static __always_inline void tcp_state_changed(const struct sock* sk, int state_before, int state);

/* The kernel does not run a program while that program runs on the same CPU (05b24ff9b2cf "bpf:
 * Prevent bpf program recursion for raw tracepoint probes"). But in connect(), close() and when a
 * lock is released, states change with interrupts enabled, and packets arrive: two containers that
 * connected to each other without a pause lost 20 of 3,000 changes this way. So there are two
 * programs: the second handles the changes that the first was not run for, and no interrupt finds
 * both running. A change handled by the first is stored here until the second, which runs right
 * after it, removes it. If the second is not run, the entry is replaced by the socket's next
 * change, which is a different one. (With PREEMPT_RT there may be more than one interruption, and a
 * change for which neither is run.) */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 8192);
    __type(key, __u64);
    __type(value, __u32);
} tally_tcp_changes SEC(".maps");

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tally_tcp_state, const struct sock* sk, int state_before, int state) {
    __u64 key = (__u64)sk;
    __u32 change = state;

    if (!is_tcp(sk))
        return 0;
    if (bpf_map_update_elem(&tally_tcp_changes, &key, &change, BPF_ANY))
        return 0; /* there is no room: the second handles it */
    tcp_state_changed(sk, state_before, state);
    return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tally_tcp_state_again, const struct sock* sk, int state_before, int state) {
    __u64 key = (__u64)sk;
    __u32* change;
    bool is_done;

    if (!is_tcp(sk))
        return 0;
    change = bpf_map_lookup_elem(&tally_tcp_changes, &key);
    is_done = change && *change == (__u32)state;
    if (change)
        bpf_map_delete_elem(&tally_tcp_changes, &key);
    if (!is_done)
        tcp_state_changed(sk, state_before, state);
    return 0;
}

#endif /* TALLY_SOCKETS_BPF_H */
