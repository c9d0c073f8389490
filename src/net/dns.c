/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns.h"

#include <ares.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "err.h"

struct dns {
    struct loop *loop;
    ares_channel channel;
    struct alarm *alarm;
    struct list sockets;
    bool has_library;
    bool has_channel;
};

/* A socket of c-ares, which opens and closes them. */
struct dns_socket {
    struct list link;
    struct dns *dns;
    struct loop_io io;
};

struct question {
    enum dns_type type;
    dns_done_fn done;
    void *ctx;
    char name[DNS_NAME_MAX + 1];
};

/* --- c-ares on the loop --- */

/* c-ares is called again when the next of its tries is due. */
static void update_alarm(struct dns *d)
{
    struct timeval tv, *next = ares_timeout(d->channel, NULL, &tv);

    if (next)
        alarm_set(d->alarm, (uint64_t)next->tv_sec * 1000 +
                                (uint64_t)(next->tv_usec + 999) / 1000);
    else
        alarm_stop(d->alarm);
}

static void dns_on_alarm(void *ctx)
{
    struct dns *d = ctx;

    ares_process_fd(d->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    update_alarm(d);
}

/* The socket may be gone after the call. */
static void dns_on_ready(void *ctx, int events)
{
    const struct dns_socket *s = ctx;
    struct dns *d = s->dns;
    int fd = s->io.fd;

    ares_process_fd(d->channel, events & LOOP_READ ? fd : ARES_SOCKET_BAD,
                    events & LOOP_WRITE ? fd : ARES_SOCKET_BAD);
    update_alarm(d);
}

static struct dns_socket *find_socket(struct dns *d, int fd)
{
    struct list *m, *tmp;

    LIST_EACH(m, tmp, &d->sockets)
    {
        struct dns_socket *s = CONTAINER(m, struct dns_socket, link);

        if (s->io.fd == fd)
            return s;
    }
    return NULL;
}

static void drop_socket(struct dns_socket *s)
{
    loop_io_want(&s->io, 0);
    list_remove(&s->link);
    free(s);
}

/* c-ares tells what it waits for; nothing when it is about to close. Without
 * memory the socket stays unwatched, and the question ends as unanswered. */
static void on_socket(void *ctx, ares_socket_t fd, int readable, int writable)
{
    int want = (readable ? LOOP_READ : 0) | (writable ? LOOP_WRITE : 0);
    struct dns *d = ctx;
    struct dns_socket *s = find_socket(d, fd);

    if (!s && want) {
        s = calloc(1, sizeof *s);
        if (!s)
            return;
        s->dns = d;
        loop_io_init(&s->io, d->loop, fd, dns_on_ready, s);
        list_append(&d->sockets, &s->link);
    }
    if (s && want)
        loop_io_want(&s->io, want);
    else if (s)
        drop_socket(s);
}

/* --- settings --- */

static int dns_error_of(int status)
{
    switch (status) {
    case ARES_SUCCESS:
        return 0;
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
        return ERR_NOT_FOUND;
    case ARES_ETIMEOUT:
        return ERR_TIMEOUT;
    case ARES_ENOMEM:
        return ERR_NOMEM;
    default:
        return ERR_IO;
    }
}

static void to_node(struct ares_addr_port_node *node, const struct addr *server)
{
    node->family = server->sa.sa_family;
    if (node->family == AF_INET)
        memcpy(&node->addr.addr4, &server->in4.sin_addr,
               sizeof server->in4.sin_addr);
    else
        memcpy(&node->addr.addr6, &server->in6.sin6_addr,
               sizeof server->in6.sin6_addr);
    node->udp_port = node->tcp_port = addr_port(server);
}

static int set_servers(struct dns *d, const struct dns_settings *s)
{
    struct ares_addr_port_node *nodes;
    int status;

    if (!s->n_servers)
        return 0;
    nodes = calloc(s->n_servers, sizeof *nodes);
    if (!nodes)
        return ERR_NOMEM;
    for (size_t i = 0; i < s->n_servers; i++) {
        to_node(&nodes[i], &s->servers[i]);
        if (i > 0)
            nodes[i - 1].next = &nodes[i];
    }
    status = ares_set_servers_ports(d->channel, nodes);
    free(nodes);
    return dns_error_of(status);
}

#ifdef ARES_OPT_UDP_MAX_QUERIES
enum { QUERIES_PER_PORT = 16 };
#endif

static int open_channel(struct dns *d, const struct dns_settings *s)
{
    struct ares_options options = {
        .timeout = s->try_ms < INT_MAX ? (int)s->try_ms : INT_MAX,
        .tries = s->tries < INT_MAX ? (int)s->tries : INT_MAX,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = d};
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    int status = ares_library_init(ARES_LIB_INIT_ALL);

#ifdef ARES_OPT_QUERY_CACHE /* 1.31: ours knows the bounds and is cleared */
    options.qcache_max_ttl = 0;
    mask |= ARES_OPT_QUERY_CACHE;
#endif
#ifdef ARES_OPT_UDP_MAX_QUERIES /* 1.20: then from another port (RFC 5452) */
    options.udp_max_queries = QUERIES_PER_PORT;
    mask |= ARES_OPT_UDP_MAX_QUERIES;
#endif

    d->has_library = status == ARES_SUCCESS;
    if (d->has_library)
        status = ares_init_options(&d->channel, &options, mask);
    d->has_channel = status == ARES_SUCCESS;
    return dns_error_of(status);
}

int dns_new(struct dns **out, struct loop *loop, const struct dns_settings *s)
{
    struct dns *d = calloc(1, sizeof *d);
    int err;

    if (!d)
        return ERR_NOMEM;
    d->loop = loop;
    list_init(&d->sockets);
    err = alarm_new(&d->alarm, loop, dns_on_alarm, d);
    if (!err)
        err = open_channel(d, s);
    if (!err)
        err = set_servers(d, s);
    if (err) {
        dns_free(d);
        return err;
    }
    *out = d;
    return 0;
}

void dns_free(struct dns *d)
{
    struct list *m;

    if (!d)
        return;
    if (d->has_channel)
        ares_destroy(d->channel);
    if (d->has_library)
        ares_library_cleanup();
    while ((m = list_first(&d->sockets)))
        drop_socket(CONTAINER(m, struct dns_socket, link));
    alarm_free(d->alarm);
    free(d);
}

/* --- questions --- */

static void dns_on_answer(void *ctx, int status, int timeouts,
                          unsigned char *data, int n)
{
    struct question *q = ctx;
    struct dns_answer *answer = NULL;
    int err = dns_error_of(status);

    (void)timeouts;
    if (!err)
        err = dns_answer_read(&answer, q->name, q->type, data, (size_t)n);
    if (err == ERR_SYNTAX)
        err = ERR_IO;
    if (status != ARES_EDESTRUCTION)
        q->done(q->ctx, err, answer);
    free(q);
}

/* Is there a descriptor to ask with? c-ares does not tell what became of its
 * socket(), and then it would look as if the servers had failed. */
static bool can_ask(const struct dns *d)
{
    int fd;

    if (!list_is_empty(&d->sockets))
        return true; /* that one will do */
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno != EMFILE && errno != ENFILE;
    close(fd);
    return true;
}

int dns_ask(struct dns *d, const char *name, enum dns_type type,
            dns_done_fn done, void *ctx)
{
    struct question *q;

    if (!can_ask(d))
        return ERR_LIMIT;
    q = malloc(sizeof *q);
    if (!q)
        return ERR_NOMEM;
    *q = (struct question){type, done, ctx, ""};
    span_copy(q->name, sizeof q->name, span_str(name));
    ares_query(d->channel, name, DNS_CLASS_IN, (int)type, dns_on_answer, q);
    update_alarm(d);
    return 0;
}

/* --- the hosts file --- */

static void copy_host(struct addr *dst, int family, const char *octets)
{
    *dst = (struct addr){.len = 0};
    dst->sa.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        dst->len = sizeof dst->in4;
        memcpy(&dst->in4.sin_addr, octets, sizeof dst->in4.sin_addr);
    } else {
        dst->len = sizeof dst->in6;
        memcpy(&dst->in6.sin6_addr, octets, sizeof dst->in6.sin6_addr);
    }
}

size_t dns_hosts_file(struct dns *d, const char *name, struct addr *list,
                      size_t room)
{
    static const int families[] = {AF_INET6, AF_INET};
    struct hostent *host;
    size_t n = 0;

    for (int f = 0; f < 2; f++) {
        if (ares_gethostbyname_file(d->channel, name, families[f], &host) !=
            ARES_SUCCESS)
            continue;
        for (char **p = host->h_addr_list; *p && n < room; p++)
            copy_host(&list[n++], families[f], *p);
        ares_free_hostent(host);
    }
    return n;
}
