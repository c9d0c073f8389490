/* SPDX-License-Identifier: BSD-2-Clause */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cmocka_all.h"

unsigned http_port(const struct relay *r, size_t mark)
{
    unsigned port = relay_port_since(r, mark, "http");

    assert_int_not_equal(port, 0);
    return port;
}

int http_connect(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct timeval patience = {.tv_sec = DEADLINE_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

void http_say(int fd, const char *text)
{
    size_t n = strlen(text);

    assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), n);
}

char *http_hear(int fd)
{
    size_t n = 0, size = 1 << 20;
    char *text = calloc(1, size);
    ssize_t got;

    assert_non_null(text);
    while ((got = recv(fd, text + n, size - n - 1, 0)) > 0)
        n += (size_t)got;
    if (got < 0 && errno == EAGAIN)
        fail_msg("the daemon did not close in time");
    close(fd);
    return text;
}

char *http_get(unsigned port, const char *path)
{
    char request[256];
    int fd = http_connect(port);

    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: relay\r\n\r\n",
             path);
    http_say(fd, request);
    return http_hear(fd);
}

unsigned http_code(const char *answer)
{
    struct span head = SPAN("HTTP/1.1 ");

    if (strncmp(answer, head.p, head.n) != 0)
        return 0;
    return (unsigned)strtoul(answer + head.n, NULL, 10);
}

const char *http_body(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

struct prom *http_scrape(unsigned port)
{
    char *answer = http_get(port, "/metrics"), why[PROM_WHY_MAX];
    struct prom *p;

    assert_int_equal(http_code(answer), 200);
    p = prom_parse(why, span_str(http_body(answer)));
    if (!p)
        fail_msg("%s", why);
    free(answer);
    return p;
}

double http_sample(const struct prom *p, const char *series)
{
    double value = 0;

    if (!prom_value(&value, p, series))
        fail_msg("there is no %s", series);
    return value;
}

void http_assert_figures(unsigned port, const struct figure *f, size_t n)
{
    struct prom *p = http_scrape(port);
    char wrong[4096] = "";

    for (size_t i = 0; i < n; i++) {
        double value = http_sample(p, f[i].series);
        size_t at = strlen(wrong);

        if (value != f[i].value)
            snprintf(wrong + at, sizeof wrong - at, "%s is %g instead of %g\n",
                     f[i].series, value, f[i].value);
    }
    prom_free(p);
    if (*wrong)
        fail_msg("%s", wrong);
}
