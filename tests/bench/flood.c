/* SPDX-License-Identifier: BSD-2-Clause */
/* A flood for tests/bench/floods: connections of one kind that cost the relay
 * as much as they can, for some seconds; whatever is closed comes again.
 *
 * usage: bench_flood KIND PORT CONNECTIONS SECONDS
 *
 * On stdout: how many connections there were, and octets. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "raw_records.h"

enum {
    IDLE_MAX = 32,    /* so many without data are taken in a row (S-18) */
    BATCH = 64 << 10, /* written by one call */
    HELD_MAX = 1000,  /* connections that one process keeps */
};

/* Of all processes together. */
struct totals {
    uint64_t connections, octets;
};

struct flood {
    unsigned port;
    int fd;
    SSL_CTX *tls;
    SSL *ssl;
    struct raw_records raw;
    struct totals *totals;
    time_t end;
    char head[512]; /* of a SEND to the relay, which never ends */
    size_t n;
    unsigned char out[BATCH + 1024];
};

/* One turn; false: the connection is of no more use. */
typedef bool (*turn_fn)(struct flood *f);

/* --- octets --------------------------------------------------------------- */

static int dial(struct flood *f)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)f->port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct timeval patience = {.tv_sec = 2};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    __atomic_add_fetch(&f->totals->connections, 1, __ATOMIC_RELAXED);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool write_all(struct flood *f, const void *data, size_t n)
{
    const char *p = data;
    char in[4096];

    while (recv(f->fd, in, sizeof in, MSG_DONTWAIT) > 0)
        ; /* whatever it says */
    while (n > 0) {
        ssize_t done = send(f->fd, p, n, MSG_NOSIGNAL);

        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
        __atomic_add_fetch(&f->totals->octets, (uint64_t)done,
                           __ATOMIC_RELAXED);
    }
    return true;
}

static bool flush(struct flood *f)
{
    size_t n = f->n;

    f->n = 0;
    return write_all(f, f->out, n);
}

static void put(struct flood *f, const void *data, size_t n)
{
    memcpy(f->out + f->n, data, n);
    f->n += n;
}

/* --- TLS ------------------------------------------------------------------ */

/* Shakes hands; what is written from here on is gathered in memory. */
static bool begin_tls(struct flood *f)
{
    f->ssl = SSL_new(f->tls);
    SSL_set_fd(f->ssl, f->fd);
    if (SSL_connect(f->ssl) != 1)
        return false;
    SSL_set0_wbio(f->ssl, BIO_new(BIO_s_mem()));
    return true;
}

static bool begin_send(struct flood *f)
{
    return begin_tls(f) && SSL_write(f->ssl, f->head, (int)strlen(f->head)) > 0;
}

static bool flush_tls(struct flood *f)
{
    char *data;
    long n = BIO_get_mem_data(SSL_get_wbio(f->ssl), &data);
    bool good = write_all(f, data, (size_t)n);

    (void)BIO_reset(SSL_get_wbio(f->ssl));
    return good;
}

static bool key_updates(struct flood *f)
{
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < IDLE_MAX; i++) {
            SSL_key_update(f->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
            SSL_do_handshake(f->ssl);
        }
        SSL_write(f->ssl, "x", 1);
    }
    return flush_tls(f);
}

static bool more_key_updates(struct flood *f)
{
    for (int i = 0; i < 1000; i++) {
        SSL_key_update(f->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
        SSL_do_handshake(f->ssl);
    }
    return flush_tls(f);
}

static bool octet_records(struct flood *f)
{
    for (int i = 0; i < 2000; i++)
        SSL_write(f->ssl, "x", 1);
    return flush_tls(f);
}

/* Attempts of TLS 1.2, each of which is refused. */
static bool renegotiations(struct flood *f)
{
    SSL_set_fd(f->ssl, f->fd);
    for (int i = 0; i < 20; i++) {
        ERR_clear_error();
        SSL_renegotiate(f->ssl);
        SSL_do_handshake(f->ssl);
    }
    return SSL_write(f->ssl, "x", 1) == 1;
}

static void put_record(struct flood *f, const char *data)
{
    f->n += raw_records_make(&f->raw, f->out + f->n, data, strlen(data));
}

/* All that the connection sends. */
static bool empty_records(struct flood *f)
{
    raw_records_begin(&f->raw);
    put_record(f, f->head);
    do {
        while (f->n < BATCH - 1024) {
            for (int i = 0; i < IDLE_MAX - 1; i++)
                put_record(f, "");
            put_record(f, "x");
        }
    } while (flush(f) && time(NULL) < f->end);
    raw_records_end(&f->raw);
    return false;
}

/* --- WebSockets ----------------------------------------------------------- */

static void put_frame(struct flood *f, unsigned first, const char *data,
                      size_t n)
{
    unsigned char head[8] = {(unsigned char)first, (unsigned char)(0x80 | n)};

    if (n > 125) {
        head[1] = 0x80 | 126;
        head[2] = (unsigned char)(n >> 8);
        head[3] = (unsigned char)n;
    }
    put(f, head, n > 125 ? 8 : 6); /* the mask is of zeros */
    put(f, data, n);
}

static bool begin_ws(struct flood *f)
{
    static const char ask[] =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: msrp\r\n\r\n";
    char in[1024];

    if (!write_all(f, ask, sizeof ask - 1) ||
        recv(f->fd, in, sizeof in, 0) < 12)
        return false;
    put_frame(f, 0x02, f->head, strlen(f->head));
    return memcmp(in, "HTTP/1.1 101", 12) == 0;
}

static bool octet_frames(struct flood *f)
{
    while (f->n < BATCH)
        put_frame(f, 0x00, "x", 1);
    return flush(f);
}

static bool control_frames(struct flood *f, unsigned first, const char *data)
{
    while (f->n < BATCH - 4096) {
        for (int i = 0; i < IDLE_MAX - 1; i++)
            put_frame(f, first, data, strlen(data));
        put_frame(f, 0x00, "x", 1);
    }
    return flush(f);
}

static bool pongs(struct flood *f)
{
    return control_frames(f, 0x8a, "");
}

static bool pings(struct flood *f)
{
    return control_frames(f, 0x89, "a payload that is to be sent back");
}

/* --- connections that say little ------------------------------------------ */

/* Keeps as many as it can; the oldest goes. */
static bool hold(struct flood *f, const void *data, size_t n)
{
    static int held[HELD_MAX];
    static size_t at;

    if (held[at])
        close(held[at]);
    held[at] = f->fd;
    at = (at + 1) % HELD_MAX;
    (void)write_all(f, data, n);
    f->fd = dial(f);
    return f->fd >= 0;
}

static bool octet_handshakes(struct flood *f)
{
    return hold(f, "\x16", 1);
}

static bool half_handshakes(struct flood *f)
{
    return hold(f, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 half a hello",
                24);
}

static bool idle_pages(struct flood *f)
{
    return hold(f, "GET /metrics HT", 15);
}

static bool pages(struct flood *f)
{
    static const char ask[] = "GET /metrics HTTP/1.0\r\n\r\n";
    char in[65536];

    if (!write_all(f, ask, sizeof ask - 1))
        return false;
    while (recv(f->fd, in, sizeof in, 0) > 0)
        ;
    return false;
}

/* --- the flood ------------------------------------------------------------ */

static const struct kind {
    const char *name;
    turn_fn begin; /* NULL: nothing to begin with */
    turn_fn turn;
    int version; /* of TLS */
} kinds[] = {
    {"key-updates", begin_send, key_updates, TLS1_3_VERSION},
    {"more-key-updates", begin_send, more_key_updates, TLS1_3_VERSION},
    {"empty-records", begin_tls, empty_records, TLS1_3_VERSION},
    {"octet-records", begin_send, octet_records, TLS1_3_VERSION},
    {"renegotiations", begin_send, renegotiations, TLS1_2_VERSION},
    {"octet-handshakes", NULL, octet_handshakes, 0},
    {"half-handshakes", NULL, half_handshakes, 0},
    {"octet-frames", begin_ws, octet_frames, 0},
    {"pongs", begin_ws, pongs, 0},
    {"pings", begin_ws, pings, 0},
    {"pages", NULL, pages, 0},
    {"idle-pages", NULL, idle_pages, 0},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    fprintf(stderr, "no such kind: %s\n", name);
    exit(64);
}

static void write_head(struct flood *f, bool secure)
{
    snprintf(f->head, sizeof f->head,
             "MSRP flood SEND\r\nTo-Path: %s://localhost:%u;%s\r\n"
             "From-Path: %s://a.invalid:9/a;%s\r\nMessage-ID: 1\r\n"
             "Byte-Range: 1-*/*\r\nContent-Type: a/b\r\n\r\n",
             secure ? "msrps" : "msrp", f->port, secure ? "tcp" : "ws",
             secure ? "msrps" : "msrp", secure ? "tcp" : "ws");
}

static void flood(struct flood *f, const struct kind *k)
{
    write_head(f, k->version != 0);
    f->tls = SSL_CTX_new(TLS_client_method());
    raw_records_watch(&f->raw, f->tls);
    SSL_CTX_set_min_proto_version(f->tls, k->version);
    SSL_CTX_set_max_proto_version(f->tls, k->version);
    while (time(NULL) < f->end) {
        f->n = 0;
        f->fd = dial(f);
        if (f->fd >= 0 && (!k->begin || k->begin(f)))
            while (time(NULL) < f->end && k->turn(f))
                ;
        SSL_free(f->ssl);
        f->ssl = NULL;
        if (f->fd >= 0)
            close(f->fd);
    }
}

int main(int argc, char **argv)
{
    static struct flood f;
    const struct kind *k;

    if (argc != 5) {
        fprintf(stderr, "usage: bench_flood KIND PORT CONNECTIONS SECONDS\n");
        return 64;
    }
    k = find_kind(argv[1]);
    f.port = (unsigned)strtoul(argv[2], NULL, 10);
    f.totals = mmap(NULL, sizeof *f.totals, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (f.totals == MAP_FAILED)
        return 1;
    f.end = time(NULL) + (time_t)strtoul(argv[4], NULL, 10);
    for (unsigned long n = strtoul(argv[3], NULL, 10); n > 0; n--)
        if (fork() == 0) {
            flood(&f, k);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    printf("%llu %llu\n", (unsigned long long)f.totals->connections,
           (unsigned long long)f.totals->octets);
    return 0;
}
