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

enum {
    QUESTIONS_PER_PORT = 16,
    CHANNELS_MAX = 16, /* while they are all in use, the port stays */
};

struct dns {
    struct loop *loop;
    struct list channels; /* the first is asked; the others wait for answers */
    size_t n_channels;
    struct loop_defer sweep;
    bool has_library;
    unsigned tries;
    uint64_t try_ms;
    size_t n_servers;
    struct addr servers[];
};

/* c-ares sends to a server from one port while any question is open, and has an
 * option against it only since 1.20. An attacker who keeps one open would have
 * all the time he needs to guess the port (RFC 5452, 9.2). So each channel is
 * asked a few questions, and the next ones come from another. */
struct dns_channel {
    struct list link;
    struct dns *dns;
    ares_channel ares;
    bool has_ares;
    struct alarm *alarm;
    struct list sockets;
    unsigned asked; /* so far */
    unsigned open;  /* ... and not answered */
};

/* A socket of c-ares, which opens and closes them. */
struct dns_socket {
    struct list link;
    struct dns_channel *channel;
    struct loop_io io;
};

struct question {
    struct dns_channel *channel;
    enum dns_type type;
    dns_done_fn done;
    void *ctx;
    char name[DNS_NAME_MAX + 1];
};

/* --- c-ares on the loop --- */

/* c-ares is called again when the next of its tries is due. */
static void update_alarm(struct dns_channel *c)
{
    struct timeval tv, *next = ares_timeout(c->ares, NULL, &tv);

    if (next)
        alarm_set(c->alarm, (uint64_t)next->tv_sec * 1000 +
                                (uint64_t)(next->tv_usec + 999) / 1000);
    else
        alarm_stop(c->alarm);
}

static void dns_on_alarm(void *ctx)
{
    struct dns_channel *c = ctx;

    ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    update_alarm(c);
}

/* The socket may be gone after the call. */
static void dns_on_ready(void *ctx, int events)
{
    const struct dns_socket *s = ctx;
    struct dns_channel *c = s->channel;
    int fd = s->io.fd;

    ares_process_fd(c->ares, events & LOOP_READ ? fd : ARES_SOCKET_BAD,
                    events & LOOP_WRITE ? fd : ARES_SOCKET_BAD);
    update_alarm(c);
}

static struct dns_socket *find_socket(struct dns_channel *c, int fd)
{
    struct list *m, *tmp;

    LIST_EACH(m, tmp, &c->sockets)
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
    struct dns_channel *c = ctx;
    struct dns_socket *s = find_socket(c, fd);

    if (!s && want) {
        s = calloc(1, sizeof *s);
        if (!s)
            return;
        s->channel = c;
        loop_io_init(&s->io, c->dns->loop, fd, dns_on_ready, s);
        list_append(&c->sockets, &s->link);
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

static int set_servers(struct dns_channel *c)
{
    const struct dns *d = c->dns;
    char *text, *at;
    int status;

    if (!d->n_servers)
        return 0;
    text = at = calloc(d->n_servers, ADDR_TEXT_MAX);
    if (!text)
        return ERR_NOMEM;
    for (size_t i = 0; i < d->n_servers; i++) {
        if (i > 0)
            *at++ = ',';
        at += strlen(addr_text(at, &d->servers[i]));
    }
    status = ares_set_servers_ports_csv(c->ares, text);
    free(text);
    return dns_error_of(status);
}

static int open_ares(struct dns_channel *c)
{
    const struct dns *d = c->dns;
    struct ares_options options = {
        .timeout = d->try_ms < INT_MAX ? (int)d->try_ms : INT_MAX,
        .tries = d->tries < INT_MAX ? (int)d->tries : INT_MAX,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = c};
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    int status;

#ifdef ARES_OPT_QUERY_CACHE /* 1.31: ours knows the bounds and is cleared */
    options.qcache_max_ttl = 0;
    mask |= ARES_OPT_QUERY_CACHE;
#endif
    status = ares_init_options(&c->ares, &options, mask);
    c->has_ares = status == ARES_SUCCESS;
    return dns_error_of(status);
}

/* --- channels --- */

static void channel_free(struct dns_channel *c)
{
    struct list *m;

    if (c->has_ares)
        ares_destroy(c->ares);
    while ((m = list_first(&c->sockets)))
        drop_socket(CONTAINER(m, struct dns_socket, link));
    alarm_free(c->alarm);
    list_remove(&c->link);
    c->dns->n_channels--;
    free(c);
}

/* Asked from now on. */
static int channel_new(struct dns *d)
{
    struct dns_channel *c = calloc(1, sizeof *c);
    int err;

    if (!c)
        return ERR_NOMEM;
    c->dns = d;
    list_init(&c->sockets);
    list_init(&c->link);
    list_prepend(&d->channels, &c->link);
    d->n_channels++;
    err = alarm_new(&c->alarm, d->loop, dns_on_alarm, c);
    if (!err)
        err = open_ares(c);
    if (!err)
        err = set_servers(c);
    if (err)
        channel_free(c);
    return err;
}

static struct dns_channel *channel_now(const struct dns *d)
{
    return CONTAINER(d->channels.next, struct dns_channel, link);
}

/* A channel must not be freed while c-ares calls from within it. */
static void dns_on_sweep(void *ctx)
{
    struct dns *d = ctx;
    struct list *m, *tmp;

    LIST_EACH(m, tmp, &d->channels)
    {
        struct dns_channel *c = CONTAINER(m, struct dns_channel, link);

        if (!c->open && c != channel_now(d))
            channel_free(c);
    }
}

/* The channel to ask: another one after QUESTIONS_PER_PORT, if there may be
 * one.
 */
static struct dns_channel *channel_next(struct dns *d)
{
    if (channel_now(d)->asked >= QUESTIONS_PER_PORT &&
        d->n_channels < CHANNELS_MAX && channel_new(d) == 0)
        loop_defer(d->loop, &d->sweep);
    return channel_now(d);
}

/* --- public --- */

int dns_new(struct dns **out, struct loop *loop, const struct dns_settings *s)
{
    struct dns *d = calloc(1, sizeof *d + s->n_servers * sizeof *s->servers);
    int err;

    if (!d)
        return ERR_NOMEM;
    d->loop = loop;
    d->try_ms = s->try_ms;
    d->tries = s->tries;
    d->n_servers = s->n_servers;
    if (s->n_servers)
        memcpy(d->servers, s->servers, s->n_servers * sizeof *s->servers);
    list_init(&d->channels);
    loop_defer_init(&d->sweep, dns_on_sweep, d);
    err = dns_error_of(ares_library_init(ARES_LIB_INIT_ALL));
    d->has_library = err == 0;
    if (!err)
        err = channel_new(d);
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
    while ((m = list_first(&d->channels)))
        channel_free(CONTAINER(m, struct dns_channel, link));
    if (d->has_library)
        ares_library_cleanup();
    loop_defer_cancel(&d->sweep);
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
    if (--q->channel->open == 0)
        loop_defer(q->channel->dns->loop, &q->channel->dns->sweep);
    if (status != ARES_EDESTRUCTION)
        q->done(q->ctx, err, answer);
    free(q);
}

#if ARES_VERSION < 0x011c00 /* 1.28 */
static void dns_query(ares_channel ares, struct question *q)
{
    ares_query(ares, q->name, DNS_CLASS_IN, (int)q->type, dns_on_answer, q);
}
#else
/* Newer ones read the message themselves, and write it again. */
static void dns_on_record(void *ctx, ares_status_t status, size_t timeouts,
                          const ares_dns_record_t *record)
{
    unsigned char *data = NULL;
    size_t n = 0;

    if (status == ARES_SUCCESS)
        status = ares_dns_write(record, &data, &n);
    dns_on_answer(ctx, (int)status, (int)timeouts, data, (int)n);
    ares_free_string(data);
}

static void dns_query(ares_channel ares, struct question *q)
{
    ares_query_dnsrec(ares, q->name, ARES_CLASS_IN,
                      (ares_dns_rec_type_t)q->type, dns_on_record, q, NULL);
}
#endif

/* Is there a descriptor to ask with? c-ares does not tell what became of its
 * socket(), and then it would look as if the servers had failed. */
static bool can_ask(const struct dns_channel *c)
{
    int fd;

    if (!list_is_empty(&c->sockets))
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
    struct dns_channel *c = channel_next(d);
    struct question *q;

    if (!can_ask(c))
        return ERR_LIMIT;
    q = malloc(sizeof *q);
    if (!q)
        return ERR_NOMEM;
    *q = (struct question){c, type, done, ctx, ""};
    span_copy(q->name, sizeof q->name, span_str(name));
    c->asked++;
    c->open++;
    dns_query(c->ares, q);
    update_alarm(c);
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
        if (ares_gethostbyname_file(channel_now(d)->ares, name, families[f],
                                    &host) != ARES_SUCCESS)
            continue;
        for (char **p = host->h_addr_list; *p && n < room; p++)
            copy_host(&list[n++], families[f], *p);
        ares_free_hostent(host);
    }
    return n;
}
