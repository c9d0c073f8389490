/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns_stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "cmocka_all.h"

enum {
    MESSAGE_MAX = 4096,
    CLIENTS_MAX = 8,
    RECORDS_MAX = 128,
    MOODS_MAX = 32,
    QUESTIONS_MAX = 2048,
    CNAME = 5,
    HEADER = 12,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_REFUSED = 5,
};

struct record {
    char name[DNS_NAME_MAX + 1];
    uint16_t type;
    uint32_t ttl_s;
    unsigned char data[300];
    size_t n;
};

struct mood {
    char name[DNS_NAME_MAX + 1];
    int type;
    enum dns_stub_mood mood;
};

struct asked {
    char name[DNS_NAME_MAX + 1];
    uint16_t type;
    unsigned times;
};

struct client {
    int fd; /* -1: free */
    unsigned char in[2 + MESSAGE_MAX];
    size_t n;
};

struct dns_stub {
    int epoll, udp, tcp;
    struct addr at;
    struct record records[RECORDS_MAX];
    size_t n_records;
    struct mood moods[MOODS_MAX];
    size_t n_moods;
    struct asked asked[QUESTIONS_MAX];
    size_t n_asked;
    unsigned asked_over_tcp;
    unsigned asked_from[UINT16_MAX + 1]; /* each port, over UDP */
    struct client clients[CLIENTS_MAX];
};

/* --- messages --- */

/* A message on its way to be made. */
struct out {
    unsigned char octets[MESSAGE_MAX];
    size_t n;
};

static void put(struct out *o, const void *data, size_t n)
{
    assert_true(o->n + n <= MESSAGE_MAX);
    memcpy(o->octets + o->n, data, n);
    o->n += n;
}

static void put_u16(struct out *o, unsigned value)
{
    put(o, (unsigned char[]){(unsigned char)(value >> 8), value & 0xff}, 2);
}

static void put_u32(struct out *o, uint32_t value)
{
    put_u16(o, value >> 16);
    put_u16(o, value & 0xffff);
}

static void put_name(struct out *o, const char *name)
{
    struct span rest = span_str(name);

    while (rest.n) {
        struct span label = span_cut(&rest, '.');
        unsigned char n = (unsigned char)label.n;

        if (!label.n)
            break;
        put(o, &n, 1);
        put(o, label.p, label.n);
    }
    put(o, "", 1);
}

/* A question: its name as text, its type; where it ends. */
struct question {
    char name[DNS_NAME_MAX + 1];
    uint16_t type;
    size_t end;
};

static void read_question(struct question *q, const unsigned char *in, size_t n)
{
    size_t at = HEADER, len = 0;

    assert_true(n > HEADER);
    while (in[at]) {
        if (len)
            q->name[len++] = '.';
        assert_true(at + 1u + in[at] < n && len + in[at] <= DNS_NAME_MAX);
        memcpy(q->name + len, in + at + 1, in[at]);
        len += in[at];
        at += 1u + in[at];
    }
    q->name[len] = '\0';
    assert_true(at + 5 <= n);
    q->type = (uint16_t)(in[at + 1] << 8 | in[at + 2]);
    q->end = at + 5;
}

static unsigned put_records(struct out *o, const struct dns_stub *s,
                            const struct question *q, bool *exists)
{
    const char *name = q->name;
    unsigned n = 0;

    *exists = false;
    for (size_t i = 0; i < s->n_records; i++) {
        const struct record *r = &s->records[i];

        if (strcasecmp(r->name, name) != 0)
            continue;
        *exists = true;
        if (r->type != q->type && r->type != CNAME)
            continue;
        put_name(o, r->name);
        put_u16(o, r->type);
        put_u16(o, DNS_CLASS_IN);
        put_u32(o, r->ttl_s);
        put_u16(o, (unsigned)r->n);
        put(o, r->data, r->n);
        n++;
        if (r->type == CNAME) { /* the target, kept as text behind the data */
            name = (const char *)r->data + r->n;
            i = (size_t)-1;
        }
    }
    return n;
}

static enum dns_stub_mood mood_of(const struct dns_stub *s,
                                  const struct question *q)
{
    for (size_t i = s->n_moods; i > 0; i--)
        if (strcasecmp(s->moods[i - 1].name, q->name) == 0 &&
            (s->moods[i - 1].type == 0 || s->moods[i - 1].type == q->type))
            return s->moods[i - 1].mood;
    return DNS_STUB_ANSWER;
}

static void count(struct dns_stub *s, const struct question *q)
{
    struct asked *a = s->asked;

    while (a < s->asked + s->n_asked &&
           (a->type != q->type || strcasecmp(a->name, q->name) != 0))
        a++;
    if (a == s->asked + s->n_asked) {
        assert_true(s->n_asked++ < QUESTIONS_MAX);
        snprintf(a->name, sizeof a->name, "%s", q->name);
        a->type = q->type;
    }
    a->times++;
}

/* The answer to a question, of no octets if there is none. */
static void answer(struct out *o, struct dns_stub *s, const unsigned char *in,
                   size_t n, bool tcp)
{
    enum dns_stub_mood mood;
    unsigned rcode = 0, records = 0;
    struct question q;
    bool exists;

    read_question(&q, in, n);
    count(s, &q);
    mood = mood_of(s, &q);
    o->n = 0;
    if (mood == DNS_STUB_SILENT)
        return;
    put(o, in, q.end);
    o->octets[2] = 0x81; /* an answer, recursion desired */
    o->octets[3] = 0x80;
    memset(o->octets + 6, 0, 6);
    if (mood == DNS_STUB_FOREIGN_ID)
        o->octets[1] ^= 1;
    if (mood == DNS_STUB_TRUNCATE && !tcp) {
        o->octets[2] |= 2;
    } else if (mood == DNS_STUB_GARBAGE) {
        records = 3;
        put(o, "\xc0\xff\x3f garbage", 11);
    } else if (mood == DNS_STUB_FAIL || mood == DNS_STUB_REFUSE) {
        rcode = mood == DNS_STUB_FAIL ? RCODE_SERVFAIL : RCODE_REFUSED;
    } else {
        records = put_records(o, s, &q, &exists);
        rcode = exists ? 0 : RCODE_NXDOMAIN;
    }
    o->octets[3] |= (unsigned char)rcode;
    o->octets[7] = (unsigned char)records;
}

/* --- sockets --- */

static void watch(struct dns_stub *s, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    assert_int_equal(epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event), 0);
}

/* The same port for UDP and TCP. */
static void bind_both(struct dns_stub *s)
{
    int err = -1;

    for (int i = 0; i < 100 && err; i++) {
        assert_int_equal(addr_parse(&s->at, SPAN("127.0.0.1"), 0), 0);
        assert_int_equal(sock_listen(&s->tcp, &s->at, &(struct sock_opts){0}),
                         0);
        assert_int_equal(sock_local(&s->at, s->tcp), 0);
        s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(s->udp >= 0);
        err = bind(s->udp, &s->at.sa, s->at.len);
        if (err) {
            close(s->udp);
            close(s->tcp);
        }
    }
    assert_int_equal(err, 0);
}

struct dns_stub *dns_stub_new(void)
{
    struct dns_stub *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    assert_true(s->epoll >= 0);
    bind_both(s);
    watch(s, s->udp);
    watch(s, s->tcp);
    for (int i = 0; i < CLIENTS_MAX; i++)
        s->clients[i].fd = -1;
    return s;
}

void dns_stub_free(struct dns_stub *s)
{
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (s->clients[i].fd >= 0)
            close(s->clients[i].fd);
    close(s->udp);
    close(s->tcp);
    close(s->epoll);
    free(s);
}

const struct addr *dns_stub_addr(const struct dns_stub *s)
{
    return &s->at;
}

int dns_stub_fd(const struct dns_stub *s)
{
    return s->epoll;
}

static void serve_udp(struct dns_stub *s)
{
    unsigned char in[MESSAGE_MAX];
    struct addr from = {.len = sizeof from.in6};
    struct out o;
    ssize_t n;

    while ((n = recvfrom(s->udp, in, sizeof in, 0, &from.sa, &from.len)) > 0) {
        s->asked_from[addr_port(&from)]++;
        answer(&o, s, in, (size_t)n, false);
        if (o.n)
            (void)sendto(s->udp, o.octets, o.n, 0, &from.sa, from.len);
        from.len = sizeof from.in6;
    }
}

static void accept_clients(struct dns_stub *s)
{
    for (int i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &s->clients[i];

        if (c->fd >= 0)
            continue;
        c->fd = accept4(s->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (c->fd < 0)
            return;
        c->n = 0;
        watch(s, c->fd);
    }
}

/* Answers the whole questions in front. */
static void serve_client(struct dns_stub *s, struct client *c)
{
    ssize_t n = recv(c->fd, c->in + c->n, sizeof c->in - c->n, 0);
    size_t size;

    if (n == 0) {
        close(c->fd);
        c->fd = -1;
    }
    if (n <= 0)
        return;
    c->n += (size_t)n;
    while (c->n >= 2 &&
           c->n >= (size = (size_t)(c->in[0] << 8 | c->in[1])) + 2) {
        struct out o, framed = {.n = 0};

        s->asked_over_tcp++;
        answer(&o, s, c->in + 2, size, true);
        put_u16(&framed, (unsigned)o.n);
        put(&framed, o.octets, o.n);
        if (o.n)
            assert_int_equal(send(c->fd, framed.octets, framed.n, MSG_NOSIGNAL),
                             framed.n);
        c->n -= size + 2;
        memmove(c->in, c->in + 2 + size, c->n);
    }
}

void dns_stub_serve(struct dns_stub *s)
{
    serve_udp(s);
    accept_clients(s);
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (s->clients[i].fd >= 0)
            serve_client(s, &s->clients[i]);
}

/* --- what it knows --- */

static struct record *new_record(struct dns_stub *s, const char *name,
                                 uint16_t type, uint32_t ttl_s)
{
    struct record *r = &s->records[s->n_records];

    assert_true(s->n_records++ < RECORDS_MAX);
    *r = (struct record){.type = type, .ttl_s = ttl_s};
    snprintf(r->name, sizeof r->name, "%s", name);
    return r;
}

static void set_data(struct record *r, const void *data, size_t n)
{
    assert_true(n <= sizeof r->data);
    memcpy(r->data, data, n);
    r->n = n;
}

void dns_stub_host(struct dns_stub *s, const char *name, uint32_t ttl_s,
                   const char *address)
{
    struct addr a;

    assert_int_equal(addr_parse(&a, span_str(address), 0), 0);
    if (a.sa.sa_family == AF_INET)
        set_data(new_record(s, name, DNS_A, ttl_s), &a.in4.sin_addr, 4);
    else
        set_data(new_record(s, name, DNS_AAAA, ttl_s), &a.in6.sin6_addr, 16);
}

void dns_stub_alias(struct dns_stub *s, const char *name, uint32_t ttl_s,
                    const char *target)
{
    struct record *r = new_record(s, name, CNAME, ttl_s);
    struct out o = {.n = 0};

    put_name(&o, target);
    set_data(r, o.octets, o.n);
    snprintf((char *)r->data + r->n, sizeof r->data - r->n, "%s", target);
}

void dns_stub_srv(struct dns_stub *s, const char *name, uint32_t ttl_s,
                  const struct dns_srv *srv)
{
    char full[DNS_NAME_MAX + 16];
    struct out o = {.n = 0};

    snprintf(full, sizeof full, "_msrps._tcp.%s", name);
    put_u16(&o, srv->priority);
    put_u16(&o, srv->weight);
    put_u16(&o, srv->port);
    put_name(&o, srv->target);
    set_data(new_record(s, full, DNS_SRV, ttl_s), o.octets, o.n);
}

void dns_stub_forget(struct dns_stub *s, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n_records; i++)
        if (strcasecmp(s->records[i].name, name) != 0)
            s->records[kept++] = s->records[i];
    s->n_records = kept;
}

void dns_stub_set_mood(struct dns_stub *s, const char *name, int type,
                       enum dns_stub_mood mood)
{
    struct mood *m = &s->moods[s->n_moods];

    assert_true(s->n_moods++ < MOODS_MAX);
    snprintf(m->name, sizeof m->name, "%s", name);
    m->type = type;
    m->mood = mood;
}

unsigned dns_stub_asked(const struct dns_stub *s, const char *name,
                        enum dns_type type)
{
    for (size_t i = 0; i < s->n_asked; i++)
        if (s->asked[i].type == type && strcasecmp(s->asked[i].name, name) == 0)
            return s->asked[i].times;
    return 0;
}

unsigned dns_stub_asked_over_tcp(const struct dns_stub *s)
{
    return s->asked_over_tcp;
}

unsigned dns_stub_asked_from_one_port(const struct dns_stub *s)
{
    unsigned most = 0;

    for (size_t port = 0; port <= UINT16_MAX; port++)
        if (s->asked_from[port] > most)
            most = s->asked_from[port];
    return most;
}
