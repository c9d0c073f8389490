/* SPDX-License-Identifier: BSD-2-Clause */
#include "kamailio.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "program.h"
#include "talk.h"

#define PROGRAM "/usr/sbin/kamailio"

struct kamailio {
    struct scene_part part; /* nothing to wait for */
    struct scene *scene;
    unsigned port;
    bool tls;
};

bool kamailio_is_there(void)
{
    return program_is_there(PROGRAM);
}

/* --- its configuration ---------------------------------------------------- */

/* As its own documentation has it. Names are not looked up: what does not go to
 * its own clients goes to the relay. */
static const char config[] =
    "#!KAMAILIO\n"
    "debug=2\n"
    "log_stderror=yes\n"
    "children=1\n"
    "tcp_children=1\n"
    "auto_aliases=no\n"
    "tcp_accept_no_cl=yes\n"
    "%s" /* enable_tls */
    "listen=%s:127.0.0.1:%u\n"
    "loadmodule \"pv.so\"\n"
    "%s" /* the module tls */
    "loadmodule \"msrp.so\"\n"
    "modparam(\"msrp\", \"cmap_size\", 4)\n"
    "modparam(\"msrp\", \"use_path_addr\", \"" KAMAILIO_NAME ":%u\")\n"
    "request_route { drop; }\n"
    "event_route[msrp:frame-in] {\n"
    "    msrp_reply_flags(\"1\");\n"
    "    if (msrp_is_reply()) { msrp_relay(); exit; }\n"
    "    if ($msrp(method) == \"AUTH\") { msrp_cmap_save(); exit; }\n"
    "    if ($msrp(nexthops) > 1) {\n"
    "        if ($msrp(method) == \"SEND\") { msrp_reply(\"200\", \"OK\"); }\n"
    "        msrp_set_dst(\"%s://127.0.0.1:%u/x;tcp\", \"%s:127.0.0.1:%u\");\n"
    "        msrp_relay();\n"
    "        exit;\n"
    "    }\n"
    "    if (!msrp_cmap_lookup()) {\n"
    "        if ($msrp(method) == \"SEND\") { msrp_reply(\"481\", \"None\"); "
    "}\n"
    "        exit;\n"
    "    }\n"
    "    if ($msrp(method) == \"SEND\") { msrp_reply(\"200\", \"OK\"); }\n"
    "    msrp_relay_flags(\"1\");\n"
    "    msrp_relay();\n"
    "}\n";

static const char tls_config[] = "[server:default]\n"
                                 "method = TLSv1.2+\n"
                                 "certificate = %s\n"
                                 "private_key = %s\n"
                                 "ca_list = %s\n"
                                 "verify_certificate = yes\n"
                                 "require_certificate = no\n"
                                 "[client:default]\n"
                                 "method = TLSv1.2+\n"
                                 "certificate = %s\n"
                                 "private_key = %s\n"
                                 "ca_list = %s\n"
                                 "verify_certificate = yes\n";

static const char *write_tls(struct scene *s)
{
    static const struct tls_files_cert cert = {.common_name = KAMAILIO_NAME,
                                               .san = "DNS:" KAMAILIO_NAME};
    struct tls_files *files = relay_files(s->relay);
    const char *pem = tls_files_path(files, "kamailio.pem");
    const char *key = tls_files_path(files, "kamailio.key");
    const char *ca = tls_files_path(files, "ca.pem");

    assert_true(tls_files_issue(files, "kamailio", &cert));
    return relay_write(files, "kamailio-tls.cfg",
                       scene_text(s, tls_config, pem, key, ca, pem, key, ca));
}

static const char *write_config(const struct kamailio *k)
{
    struct scene *s = k->scene;
    const char *proto = k->tls ? "tls" : "tcp", *modules = "";

    if (k->tls)
        modules = scene_text(s,
                             "loadmodule \"tls.so\"\n"
                             "modparam(\"tls\", \"config\", \"%s\")\n",
                             write_tls(s));
    return relay_write(
        relay_files(s->relay), "kamailio.cfg",
        scene_text(s, config, k->tls ? "enable_tls=yes\n" : "", proto, k->port,
                   modules, k->port, k->tls ? "msrps" : "msrp",
                   relay_port(s->relay, k->tls ? RELAY_TLS : RELAY_TCP), proto,
                   k->port));
}

/* --- the process ---------------------------------------------------------- */

static void kamailio_free(struct scene_part *p)
{
    free(CONTAINER(p, struct kamailio, part));
}

struct kamailio *kamailio_start(struct scene *s, bool tls)
{
    struct kamailio *k = calloc(1, sizeof *k);
    const char *dir = tls_files_dir(relay_files(s->relay));
    const char *argv[] = {PROGRAM, "-f", NULL, "-DD", "-E", "-m", "32",
                          "-M",    "8",  "-w", dir,   "-Y", dir,  NULL};

    assert_non_null(k);
    k->scene = s;
    k->tls = tls;
    k->port = program_free_port();
    k->part = (struct scene_part){.fd = -1, .free = kamailio_free};
    scene_add_part(s, &k->part);
    argv[2] = write_config(k);
    program_wait_port(program_start(s, argv, NULL, NULL), k->port);
    dns_stub_host(outside_names(s), KAMAILIO_NAME, 60, "127.0.0.1");
    return k;
}

unsigned kamailio_port(const struct kamailio *k)
{
    return k->port;
}

/* --- its clients ---------------------------------------------------------- */

struct client *kamailio_client(struct kamailio *k, const char *name)
{
    struct scene *s = k->scene;
    const struct client_opts opts = {.tls = k->tls ? s->tls : NULL,
                                     .port = k->port};
    struct client *c = scene_connect_with(s, name, &opts);
    const char *tid = talk_tid(c), *path;
    struct got *g;

    if (c->ssl)
        assert_int_equal(SSL_set1_host(c->ssl, KAMAILIO_NAME), 1);
    scene_wait_open(c);
    talk_say(c,
             "MSRP %s AUTH\r\nTo-Path: %s://" KAMAILIO_NAME ":%u;tcp\r\n"
             "From-Path: %s\r\n-------%s$\r\n",
             tid, k->tls ? "msrps" : "msrp", k->port, c->own, tid);
    g = scene_frame(c);
    assert_int_equal(g->head.code, 200);
    path = talk_header(c, g, "Use-Path");
    assert_non_null(path);
    c->uri = scene_text(s, "%s", path);
    return c;
}
