/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cat_tls.h"
#include "cmocka_all.h"
#include "err.h"
#include "tls_files.h"

/* A process that answers one handshake as `stem`. */
static pid_t serve(struct tls_files *files, const char *stem, int fd,
                   int others)
{
    char pem[32], key[32];
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
        SSL *ssl = NULL;
        char octet;

        close(others);
        snprintf(pem, sizeof pem, "%s.pem", stem);
        snprintf(key, sizeof key, "%s.key", stem);
        if (ctx &&
            SSL_CTX_use_certificate_chain_file(
                ctx, tls_files_path(files, pem)) == 1 &&
            SSL_CTX_use_PrivateKey_file(ctx, tls_files_path(files, key),
                                        SSL_FILETYPE_PEM) == 1)
            ssl = SSL_new(ctx);
        if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1)
            (void)SSL_read(ssl, &octet, 1);
        _exit(0);
    }
    return pid;
}

/* How a handshake with the host a.example.com ends if it has a certificate for
 * this name. */
static int shake(const char *name)
{
    struct tls_files *files = tls_files_new();
    const struct tls_files_cert cert = {.common_name = "x", .san = name};
    struct wire_tls how = {.name = "a.example.com"};
    struct wire w;
    pid_t pid;
    int fds[2], err;

    assert_non_null(files);
    assert_true(tls_files_issue(files, "host", &cert));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    pid = serve(files, "host", fds[1], fds[0]);
    close(fds[1]);
    assert_int_equal(cat_tls_new(&how.ctx), 0);
    assert_int_equal(cat_tls_trust_ca(how.ctx, tls_files_path(files, "ca.pem")),
                     0);
    assert_int_equal(wire_init(&w, fds[0]), 0);
    err = wire_handshake(&w, &how, 5000);
    SSL_CTX_free(how.ctx);
    wire_fini(&w);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    tls_files_free(files);
    return err;
}

static void certificate_must_name_the_host(void **state)
{
    (void)state;
    assert_int_equal(shake("DNS:a.example.com"), 0);
    assert_int_equal(shake("DNS:*.example.com"), 0);
    assert_int_equal(shake("DNS:b.example.com"), ERR_CERT);
}

/* As the relay judges (R4976-9.2-g). */
static void partial_wildcards_name_nobody(void **state)
{
    (void)state;
    assert_int_equal(shake("DNS:a*.example.com"), ERR_CERT);
    assert_int_equal(shake("DNS:*a.example.com"), ERR_CERT);
    assert_int_equal(shake("DNS:*.com"), ERR_CERT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_must_name_the_host),
        cmocka_unit_test(partial_wildcards_name_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
