/* SPDX-License-Identifier: BSD-2-Clause */
#include "cat_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "tls_files.h"
#include "wire.h"

#define SECTION "m=message 1 TCP/TLS/MSRP *\na=path:msrps://192.0.2.1:1/x;tcp\n"

static SSL_CTX *own(const char *host)
{
    SSL_CTX *ctx;

    assert_int_equal(cat_tls_new(&ctx), 0);
    if (host)
        assert_int_equal(cat_tls_show_own(ctx, host), 0);
    return ctx;
}

/* What both know of a handshake: contexts, and what is expected of the other
 * side by these lines of SDP; NULL: blind trust. */
struct side {
    SSL_CTX *ctx;
    const char *lines;
};

/* Shakes hands, reads or writes an octet to be sure that the other side is
 * content (TLS 1.3 tells late), and judges. */
static int shake(const struct side *s, int fd, bool accepts)
{
    struct wire_tls how = {s->ctx, accepts, NULL};
    struct cat_sdp sdp;
    struct wire w;
    char text[1024];
    size_t n;
    int err;

    if (s->lines) {
        snprintf(text, sizeof text, SECTION "%s", s->lines);
        assert_int_equal(cat_sdp_parse(&sdp, span_str(text)), 0);
        cat_tls_trust_any(s->ctx);
    } else {
        cat_tls_trust_blindly(s->ctx);
    }
    if (wire_init(&w, fd))
        return ERR_NOMEM;
    err = wire_handshake(&w, &how, 5000);
    if (!err && s->lines && !cat_tls_has_fingerprint(w.ssl, &sdp))
        err = ERR_DENIED;
    if (!err && (accepts ? SSL_write_ex(w.ssl, "x", 1, &n)
                         : SSL_read_ex(w.ssl, text, 1, &n)) != 1)
        err = ERR_EOF;
    wire_fini(&w);
    return err;
}

/* Between `accepts`, in a process of its own, and `connects`: how it ended for
 * each. */
static void meet(const struct side *accepts, const struct side *connects,
                 int accepted, int connected)
{
    int fds[2], how;
    pid_t pid;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        _exit(-shake(accepts, fds[1], true));
    }
    close(fds[1]);
    assert_int_equal(shake(connects, fds[0], false), connected);
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_int_equal(-WEXITSTATUS(how), accepted);
    SSL_CTX_free(accepts->ctx);
    SSL_CTX_free(connects->ctx);
}

static const char *fingerprint_line(char line[300], const SSL_CTX *ctx)
{
    char value[CAT_TLS_FINGERPRINT];

    assert_int_equal(cat_tls_fingerprint(value, ctx), 0);
    snprintf(line, 300, "a=fingerprint:%s\n", value);
    return line;
}

/* --- fingerprints --------------------------------------------------------- */

static void a_fingerprint_is_in_upper_case_with_colons(void **state)
{
    SSL_CTX *ctx = own("192.0.2.1"), *none = own(NULL);
    char value[CAT_TLS_FINGERPRINT];

    (void)state;
    assert_int_equal(cat_tls_fingerprint(value, ctx), 0);
    assert_int_equal(strlen(value), 8 + 32 * 3 - 1);
    assert_memory_equal(value, "SHA-256 ", 8);
    for (size_t i = 8; value[i]; i++)
        assert_non_null(
            strchr((i - 8) % 3 == 2 ? ":" : "0123456789ABCDEF", value[i]));
    assert_int_equal(cat_tls_fingerprint(value, none), ERR_TLS);
    SSL_CTX_free(ctx);
    SSL_CTX_free(none);
}

static void two_who_know_the_fingerprints_meet(void **state)
{
    struct side a = {own("192.0.2.1"), NULL}, b = {own("b.example.com"), NULL};
    char of_a[300], of_b[300];

    (void)state;
    a.lines = fingerprint_line(of_b, b.ctx);
    b.lines = fingerprint_line(of_a, a.ctx);
    meet(&a, &b, 0, 0);
}

static void case_does_not_matter(void **state)
{
    struct side a = {own("a.example.com"), NULL};
    struct side b = {own("b.example.com"), NULL};
    char line[300];

    (void)state;
    fingerprint_line(line, a.ctx);
    for (char *c = line + strlen("a=fingerprint:"); *c; c++)
        *c = char_lower(*c);
    b.lines = line;
    meet(&a, &b, 0, 0);
}

static void another_certificate_is_refused(void **state)
{
    struct side a = {own("a.example.com"), NULL};
    struct side b = {own("b.example.com"), NULL};
    char line[300];

    (void)state;
    b.lines = fingerprint_line(line, b.ctx);
    meet(&a, &b, 0, ERR_DENIED);
    a = (struct side){own("a.example.com"), NULL};
    b = (struct side){own("b.example.com"), NULL};
    a.lines = fingerprint_line(line, a.ctx);
    meet(&a, &b, ERR_DENIED, ERR_EOF);
}

static void an_unknown_function_matches_nobody(void **state)
{
    struct side a = {own("a.example.com"), NULL};
    struct side b = {own("b.example.com"), "a=fingerprint:md5 AB:CD\n"};

    (void)state;
    meet(&a, &b, 0, ERR_DENIED);
}

static void who_has_none_to_show_is_refused(void **state)
{
    struct side a = {own("a.example.com"), NULL}, b = {own(NULL), NULL};
    char line[300];

    (void)state;
    a.lines = fingerprint_line(line, a.ctx);
    meet(&a, &b, ERR_TLS, ERR_EOF);
}

/* --- files ---------------------------------------------------------------- */

static void a_certificate_comes_from_a_file_with_its_key(void **state)
{
    static const struct tls_files_cert cert = {.common_name = "x",
                                               .san = "DNS:a.example.com"};
    struct tls_files *files = tls_files_new();
    const char *pem, *key, *other, *ca;
    SSL_CTX *ctx = own(NULL);

    (void)state;
    assert_non_null(files);
    assert_true(tls_files_issue(files, "one", &cert));
    assert_true(tls_files_issue(files, "two", &cert));
    pem = tls_files_path(files, "one.pem");
    key = tls_files_path(files, "one.key");
    other = tls_files_path(files, "two.key");
    ca = tls_files_path(files, "ca.pem");
    assert_int_equal(cat_tls_show(ctx, pem, key), 0);
    assert_int_equal(cat_tls_show(ctx, pem, other), ERR_CERT);
    assert_int_equal(cat_tls_show(ctx, pem, NULL), ERR_CERT);
    assert_int_equal(cat_tls_show(ctx, "/nonexistent", key), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(cat_tls_trust_ca(ctx, ca), 0);
    assert_int_equal(cat_tls_trust_ca(ctx, "/nonexistent"), ERR_IO);
    SSL_CTX_free(ctx);
    tls_files_free(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fingerprint_is_in_upper_case_with_colons),
        cmocka_unit_test(two_who_know_the_fingerprints_meet),
        cmocka_unit_test(case_does_not_matter),
        cmocka_unit_test(another_certificate_is_refused),
        cmocka_unit_test(an_unknown_function_matches_nobody),
        cmocka_unit_test(who_has_none_to_show_is_refused),
        cmocka_unit_test(a_certificate_comes_from_a_file_with_its_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
