/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_server.h"

#include <stdio.h>

#include "cmocka_all.h"

static int note_name(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    struct tls_server *s = arg;

    (void)alert;
    snprintf(s->name, sizeof s->name, "%s", name ? name : "(none)");
    return SSL_TLSEXT_ERR_OK;
}

void tls_server_init(struct tls_server *s, struct tls_files *files,
                     const char *stem, int version)
{
    char name[32];

    s->ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(s->ctx);
    SSL_CTX_set_security_level(s->ctx, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(s->ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(s->ctx, version), 1);
    SSL_CTX_set_tlsext_servername_callback(s->ctx, note_name);
    SSL_CTX_set_tlsext_servername_arg(s->ctx, s);
    s->name[0] = '\0';
    if (!stem)
        return;
    snprintf(name, sizeof name, "%s.pem", stem);
    assert_int_equal(
        SSL_CTX_use_certificate_chain_file(s->ctx, tls_files_path(files, name)),
        1);
    snprintf(name, sizeof name, "%s.key", stem);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(
                         s->ctx, tls_files_path(files, name), SSL_FILETYPE_PEM),
                     1);
}

void tls_server_ask(struct tls_server *s, const char *ca)
{
    SSL_CTX_set_verify(s->ctx,
                       SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    assert_int_equal(SSL_CTX_load_verify_file(s->ctx, ca), 1);
}
