/* SPDX-License-Identifier: BSD-2-Clause */
#include "renew.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "talk.h"

struct outcome {
    const struct relay *relay;
    size_t mark;
    bool good;
};

static bool is_over(void *ctx)
{
    struct outcome *o = ctx;
    const char *said = relay_log(o->relay) + o->mark;

    o->good = strstr(said, " reloaded\n");
    return o->good || strstr(said, " reload failed, ");
}

bool renew(struct scene *s)
{
    struct outcome o = {s->relay, relay_log_size(s->relay), false};

    relay_signal(s->relay, SIGHUP);
    scene_until(s, is_over, &o, "the end of a reload");
    return o.good;
}

void renew_well(struct scene *s)
{
    if (renew(s))
        return;
    relay_show_log(s->relay);
    fail_msg("the relay did not take its new files");
}

void renew_in_vain(struct scene *s, const char *fault)
{
    size_t mark = relay_log_size(s->relay);

    assert_false(renew(s));
    if (strstr(relay_log(s->relay) + mark, fault))
        return;
    relay_show_log(s->relay);
    fail_msg("the relay does not say: %s", fault);
}

void renew_with(struct scene *s, const struct relay_opts *opts)
{
    relay_write_config(s->relay, opts);
    renew_well(s);
}

/* --- certificates --------------------------------------------------------- */

void renew_certificate(struct relay *r)
{
    char san[64];
    const struct tls_files_cert cert = {.common_name = relay_name(r),
                                        .san = san};

    snprintf(san, sizeof san, "DNS:%s", relay_name(r));
    assert_true(tls_files_issue(relay_files(r), "relay", &cert));
}

static uint64_t serial_of(const X509 *cert)
{
    uint64_t serial;

    assert_non_null(cert);
    assert_int_equal(
        ASN1_INTEGER_get_uint64(&serial, X509_get0_serialNumber(cert)), 1);
    return serial;
}

uint64_t renew_serial(struct relay *r)
{
    FILE *f = fopen(relay_path(r, "pem"), "re");
    uint64_t serial;
    X509 *cert;

    assert_non_null(f);
    cert = PEM_read_X509(f, NULL, NULL, NULL);
    serial = serial_of(cert);
    X509_free(cert);
    fclose(f);
    return serial;
}

uint64_t renew_serial_seen(const struct client *c)
{
    return serial_of(SSL_get0_peer_certificate(c->ssl));
}

/* --- users ---------------------------------------------------------------- */

void renew_users(struct relay *r, const struct renew_user *users, size_t n)
{
    FILE *f = fopen(relay_path(r, "users"), "we");

    assert_non_null(f);
    for (size_t i = 0; i < n; i++)
        relay_add_user(f, users[i].name, relay_realm(r), users[i].password,
                       DIGEST_MD5);
    assert_int_equal(fclose(f), 0);
}

void renew_file(struct relay *r, const char *suffix, const char *text)
{
    FILE *f = fopen(relay_path(r, suffix), "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

void renew_fifo(struct relay *r, const char *suffix)
{
    const char *path = relay_path(r, suffix);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
}

char *renew_read(struct relay *r, const char *suffix)
{
    enum { ROOM = 65536 };
    FILE *f = fopen(relay_path(r, suffix), "re");
    char *text = calloc(1, ROOM);

    assert_true(f && text);
    assert_in_range(fread(text, 1, ROOM - 1, f), 0, ROOM - 2);
    fclose(f);
    return text;
}

/* A file tells nobody that it grows, so the relay is kept talking meanwhile. */
char *renew_wait(struct client *c, const char *suffix, const char *text)
{
    uint64_t deadline_ms = now_ms() + DEADLINE_MS;

    for (;;) {
        char *all = renew_read(c->relay, suffix);

        if (strstr(all, text))
            return all;
        free(all);
        assert_true(now_ms() < deadline_ms);
        talk_expect_nothing(c);
    }
}

/* --- ports ---------------------------------------------------------------- */

/* Bound, and not listening: with SO_REUSEADDR on both sockets the relay may
 * listen there, and the kernel gives the port to nobody else. */
struct reserved {
    struct scene_part part; /* with nothing to be polled */
    int fd;
};

static void reserved_free(struct scene_part *p)
{
    struct reserved *r = (struct reserved *)(void *)p;

    close(r->fd);
    free(r);
}

unsigned renew_free_port(struct scene *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;
    struct reserved *r = calloc(1, sizeof *r);
    int on = 1;

    assert_non_null(r);
    r->part = (struct scene_part){.fd = -1, .free = reserved_free};
    r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(r->fd >= 0);
    setsockopt(r->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(r->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&at, &n), 0);
    scene_add_part(s, &r->part);
    return ntohs(at.sin_port);
}
