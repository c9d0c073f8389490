/* SPDX-License-Identifier: BSD-2-Clause */
#include "outside.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "talk.h"

/* --- the name server ------------------------------------------------------ */

struct name_server {
    struct scene_part part;
    struct dns_stub *stub;
};

static void on_question(struct scene_part *p)
{
    dns_stub_serve(CONTAINER(p, struct name_server, part)->stub);
}

static void free_names(struct scene_part *p)
{
    struct name_server *names = CONTAINER(p, struct name_server, part);

    dns_stub_free(names->stub);
    free(names);
}

static struct name_server *name_server_new(void)
{
    struct name_server *names = calloc(1, sizeof *names);

    assert_non_null(names);
    names->stub = dns_stub_new();
    names->part = (struct scene_part){.fd = dns_stub_fd(names->stub),
                                      .on_ready = on_question,
                                      .free = free_names};
    return names;
}

struct dns_stub *outside_names(const struct scene *s)
{
    const struct list *first = s->parts.next;

    return CONTAINER((void *)(uintptr_t)first, struct name_server,
                     part.of_scene)
        ->stub;
}

/* The options with a group `dial`, whose text is to be freed. */
static struct relay_opts with_dial(const struct outside_opts *opts,
                                   const struct dns_stub *stub, char **groups)
{
    struct relay_opts relay = opts->relay;

    assert_true(asprintf(groups,
                         "dial: { servers = [ \"127.0.0.1:%u\" ]; %s };\n%s",
                         addr_port(dns_stub_addr(stub)),
                         opts->dial ? opts->dial : OUTSIDE_OPEN,
                         relay.groups ? relay.groups : "") > 0);
    relay.groups = *groups;
    return relay;
}

struct scene *outside_start(void **state, const struct outside_opts *opts)
{
    static const struct outside_opts defaults;
    struct name_server *names = name_server_new();
    struct relay_opts relay;
    struct scene *s;
    char *groups;

    relay = with_dial(opts ? opts : &defaults, names->stub, &groups);
    s = scene_start(state, &relay);
    free(groups);
    scene_add_part(s, &names->part);
    return s;
}

struct relay *outside_add_relay(struct scene *s,
                                const struct outside_opts *opts)
{
    char *groups;
    struct relay_opts relay = with_dial(opts, outside_names(s), &groups);
    struct relay *r = scene_add_relay(s, &relay);

    free(groups);
    return r;
}

void outside_srv(struct scene *s, const char *name, unsigned priority,
                 unsigned port, const char *target)
{
    struct dns_srv srv = {.priority = (uint16_t)priority,
                          .port = (uint16_t)port};

    snprintf(srv.target, sizeof srv.target, "%s", target);
    dns_stub_srv(outside_names(s), name, 60, &srv);
}

/* --- hosts ---------------------------------------------------------------- */

enum { CONNECTIONS_MAX = 64 };

struct host {
    struct scene_part part;
    struct scene *scene;
    const char *name;
    SSL_CTX *tls;
    bool deaf, sees_probe, keeps;
    unsigned port, behind;
    struct client *connections[CONNECTIONS_MAX];
    unsigned n, taken;
    struct bytes passed;
};

static struct host *host_of(struct scene_part *p)
{
    return CONTAINER(p, struct host, part);
}

/* What comes in over `c` goes on to the port behind the host, and back. */
static void go_on(struct host *h, struct client *c)
{
    const struct client_opts opts = {.port = h->behind};
    struct client *on = scene_connect_with(h->scene, h->name, &opts);

    c->raw = on->raw = true;
    c->tap = h->keeps ? &h->passed : NULL;
    c->pipe = on;
    on->pipe = c;
}

/* What a relay that has dialled in clear asks first (S-36). Later SENDs that
 * look like it are the test's business. */
static bool answer_probe(struct client *c, const struct got *g)
{
    c->on_frame = NULL;
    if (g->head.method != MSG_SEND || g->head.has_body ||
        g->head.range_total != 0)
        return false;
    talk_answer(c, g, 200);
    return true;
}

static void on_connection(struct scene_part *p)
{
    struct host *h = host_of(p);
    int fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct client *c;

    if (fd < 0)
        return;
    assert_true(h->n < CONNECTIONS_MAX);
    c = scene_accepted(h->scene, h->name, fd, h->tls, host_uri(h));
    c->deaf = h->deaf;
    if (!h->tls && !h->sees_probe)
        c->on_frame = answer_probe;
    h->connections[h->n++] = c;
    if (h->behind)
        go_on(h, c);
}

void host_close(struct host *h)
{
    if (h->part.fd >= 0)
        close(h->part.fd);
    h->part.fd = -1;
}

void host_cut(struct host *h)
{
    for (unsigned i = 0; i < h->n; i++) {
        struct client *c = h->connections[i];

        if (c->state == CLIENT_ENDED)
            continue;
        if (c->pipe)
            client_vanish(c->pipe);
        client_vanish(c);
    }
}

static void free_host(struct scene_part *p)
{
    struct host *h = host_of(p);

    host_close(h);
    SSL_CTX_free(h->tls);
    free(h->passed.p);
    free(h);
}

static int host_listen(unsigned *port, const struct host_opts *opts)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)opts->port)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        inet_pton(AF_INET, opts->at ? opts->at : "127.0.0.1", &at.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* Asks for a certificate, and takes those of the relays' authority. */
static SSL_CTX *server_tls(struct scene *s, const char *name,
                           const struct host_opts *opts)
{
    struct tls_files *files = opts->files ? opts->files : relay_files(s->relay);
    const struct tls_files_cert cert = {
        .common_name = name,
        .san = opts->san ? opts->san : scene_text(s, "DNS:%s", name),
        .usage = opts->usage,
        .expired = opts->expired};
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    assert_non_null(tls);
    assert_true(tls_files_issue(files, name, &cert));
    assert_int_equal(
        SSL_CTX_use_certificate_chain_file(
            tls, tls_files_path(files, scene_text(s, "%s.pem", name))),
        1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(
                         tls,
                         tls_files_path(files, scene_text(s, "%s.key", name)),
                         SSL_FILETYPE_PEM),
                     1);
    assert_int_equal(SSL_CTX_load_verify_file(
                         tls, tls_files_path(relay_files(s->relay), "ca.pem")),
                     1);
    SSL_CTX_set_verify(tls, opts->incurious ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                       NULL);
    assert_int_equal(SSL_CTX_set_min_proto_version(tls, opts->version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(tls, opts->version), 1);
    SSL_CTX_set_purpose(tls, X509_PURPOSE_ANY);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

struct host *host_new(struct scene *s, const struct host_opts *opts)
{
    struct host *h = calloc(1, sizeof *h);

    assert_non_null(h);
    h->scene = s;
    h->deaf = opts->deaf;
    h->sees_probe = opts->sees_probe;
    h->behind = opts->behind;
    h->keeps = opts->keeps;
    h->name = opts->name ? opts->name : "peer.example.org";
    h->part = (struct scene_part){.fd = host_listen(&h->port, opts),
                                  .on_ready = on_connection,
                                  .free = free_host};
    scene_add_part(s, &h->part);
    if (opts->tls)
        h->tls = server_tls(s, h->name, opts);
    if (!opts->unnamed)
        dns_stub_host(outside_names(s), h->name, 60, "127.0.0.1");
    if (opts->srv)
        outside_srv(s, h->name, 0, h->port, h->name);
    return h;
}

unsigned host_port(const struct host *h)
{
    return h->port;
}

const char *host_uri_as(const struct host *h, const char *name)
{
    return scene_text(h->scene, "%s://%s:%u/b3Ty6Ui8Op1As5Df;tcp",
                      h->tls ? "msrps" : "msrp", name, h->port);
}

const char *host_uri(const struct host *h)
{
    return host_uri_as(h, h->name);
}

unsigned host_connections(const struct host *h)
{
    return h->n;
}

struct span host_passed(const struct host *h)
{
    return bytes_peek(&h->passed);
}

static bool is_settled(void *ctx)
{
    const struct host *h = ctx;

    return h->taken < h->n &&
           h->connections[h->taken]->state != CLIENT_HANDSHAKE;
}

struct client *host_accept(struct host *h)
{
    struct client *c;

    scene_until(h->scene, is_settled, h, "being dialled");
    c = h->connections[h->taken++];
    assert_int_equal(c->state, CLIENT_OPEN);
    return c;
}

static bool has_lost(void *ctx)
{
    const struct host *h = ctx;

    return h->taken < h->n && h->connections[h->taken]->state == CLIENT_ENDED;
}

void host_refused(struct host *h)
{
    scene_until(h->scene, has_lost, h, "a connection to be given up");
    assert_int_equal(h->connections[h->taken++]->octets_in, 0);
}

const char *host_path(const struct client *c, const struct host *h)
{
    return scene_text(h->scene, "%s %s", c->uri, host_uri(h));
}
