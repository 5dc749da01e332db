/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * TCP sockets: their addresses, whose they are, and what is remembered of a connection from one
 * change of its state to another.
 *
 * A socket's state changes when a packet comes, in an interrupt, while any thread of any container
 * is the current one. In two changes the current thread is the socket's own (net/ipv4/tcp.c,
 * tcp_ipv4.c): to SYN_SENT, in connect(), and to FIN_WAIT1 or LAST_ACK, in close() or shutdown().
 * Elsewhere a socket has a cgroup, but no thread.
 */
#ifndef TALLY_SOCKETS_BPF_H
#define TALLY_SOCKETS_BPF_H

#include "events.bpf.h"

#define TALLY_AF_INET6 10
#define TALLY_SEND_SHUTDOWN 2
#define TALLY_SOCK_DONE 1 /* enum sock_flags: a FIN has come */

struct connection {
    __u64 since;             /* clock_ns(); 0: not known */
    struct event_head owner; /* tid 0: not known, but for its cgroup */
    __u32 remote_word;       /* with the next: which peer it is of */
    __u16 remote_port;
    bool is_active;   /* it was opened by connect() */
    bool is_included; /* what target_includes() has said of the owner */
};

/* By the address of the struct sock, taken out at CLOSE. Not sk_storage, which tracing programs
 * have from 5.11 on only (8e4597c627fb "bpf: Allow using bpf_sk_storage in FENTRY/FEXIT/RAW_TP").
 * An address is used again. What is there belongs to the socket at hand, since each connection is
 * put there by the change of state that it begins with, over whatever was left; should the program
 * not have been run for that, and neither for the end of the one before, the peers differ. */
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

/* Also false where the kernel has no IPv6. */
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

/* Puts it in the place of what is there, which then has ended unseen. False: there is no room. */
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

/* Copies what is remembered, and forgets it. False: there is nothing. */
static __always_inline bool connection_end(const struct sock* sk, struct connection* connection) {
    struct connection* found = connection_of(sk);

    if (found)
        __builtin_memcpy(connection, found, sizeof(*connection));
    connection_forget(sk);
    return found;
}

/* The cgroup in which a socket was made; for an accepted one, that of the one that listened, whose
 * copy it is (cgroup_sk_alloc(), cgroup_sk_clone()). Version 2 only. */
static __always_inline __u64 cgroup_of_socket(const struct sock* sk) {
    return hierarchy_number == 0 ? socket_cgroup_id(sk) : TALLY_NO_CGROUP;
}

static __always_inline void tally_put_ip4(ip_addr* to, __u32 address) {
    to->words[2] = bpf_htonl(0xffff);
    to->words[3] = address;
}

/* The addresses of a socket, or of one that is asked for (struct request_sock begins alike), and
 * the remote port. The local port is elsewhere: at CLOSE skc_num is 0 already. */
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

/* What a tool does when the state of a TCP socket has changed. It defines this. */
static __always_inline void tcp_state_changed(const struct sock* sk, int state_before, int state);

/* The kernel does not run a program while that program runs on the same CPU (05b24ff9b2cf "bpf:
 * Prevent bpf program recursion for raw tracepoint probes"). But in connect(), close() and when a
 * lock is let go, states change with interrupts on, and packets come: so busy a pair of containers
 * that connect to each other lost 20 of 3,000 changes. There are two programs, the second does what
 * the first was left out of, and no interrupt finds both at work. What the first one has seen is
 * here until the second, right behind it, has taken it out. Should the second be left out, what
 * stays is replaced by the socket's next change, which is another one. (With PREEMPT_RT there may
 * be more than one interruption, and a change that neither was run for.) */
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
        return 0; /* there is no room: the second does it */
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
