/* SPDX-License-Identifier: BSD-2-Clause */
#include "proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"

enum { TOKEN_LEN = 22, ANSWER_MAX = 300000 };

struct proxy {
    struct scene_part part; /* its fd is not polled */
    struct scene *scene;
    int fd;
    unsigned cookie;
    char answer[ANSWER_MAX];
};

static void proxy_free(struct scene_part *part)
{
    struct proxy *p = CONTAINER(part, struct proxy, part);

    close(p->fd);
    free(p);
}

static void on_nothing(struct scene_part *part)
{
    (void)part;
}

static struct proxy *connect_to(struct scene *s, int type, const char *host,
                                unsigned port)
{
    const struct timeval patience = {.tv_sec = DEADLINE_MS / 1000};
    struct proxy *p = calloc(1, sizeof *p);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};

    assert_non_null(p);
    p->scene = s;
    p->part = (struct scene_part){
        .fd = -1, .on_ready = on_nothing, .free = proxy_free};
    p->fd = socket(AF_INET, type, 0);
    assert_true(p->fd >= 0);
    assert_int_equal(inet_pton(AF_INET, host, &at.sin_addr), 1);
    assert_int_equal(connect(p->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(
        setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience),
        0);
    scene_add_part(s, &p->part);
    return p;
}

struct proxy *proxy_new(struct scene *s, bool tcp)
{
    return connect_to(s, tcp ? SOCK_STREAM : SOCK_DGRAM, "127.0.0.1",
                      relay_port_since(s->relay, 0, tcp ? "ng-tcp" : "ng-udp"));
}

struct proxy *proxy_new_at(struct scene *s, const char *host, unsigned port)
{
    return connect_to(s, SOCK_DGRAM, host, port);
}

void proxy_try(struct proxy *p, const char *message)
{
    (void)send(p->fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void proxy_say(struct proxy *p, const char *message)
{
    size_t n = strlen(message);

    assert_int_equal(send(p->fd, message, n, MSG_NOSIGNAL), n);
}

const char *proxy_hear(struct proxy *p)
{
    ssize_t n = recv(p->fd, p->answer, sizeof p->answer - 1, 0);

    if (n < 0)
        fail_msg("the relay does not answer over ng");
    p->answer[n] = '\0';
    return scene_text(p->scene, "%s", p->answer);
}

const char *proxy_ask_again(struct proxy *p, const char *message)
{
    enum { ATTEMPTS = 20, WAIT_MS = 1000 };
    struct pollfd answer = {.fd = p->fd, .events = POLLIN};

    for (int i = 0; i < ATTEMPTS; i++) {
        proxy_say(p, message);
        if (poll(&answer, 1, WAIT_MS) > 0)
            break;
    }
    return proxy_hear(p);
}

const char *proxy_ask(struct proxy *p, const char *message)
{
    proxy_say(p, message);
    return proxy_hear(p);
}

static const char *member(struct proxy *p, const char *key, const char *value)
{
    if (!value)
        return "";
    return scene_text(p->scene, "%zu:%s%zu:%s", strlen(key), key, strlen(value),
                      value);
}

const char *proxy_command(struct proxy *p, const char *command,
                          const struct proxy_call *call)
{
    return proxy_ask(
        p, scene_text(
               p->scene, "%d_%u d%s%s%s%s%s%se", (int)getpid(), ++p->cookie,
               call->more ? call->more : "", member(p, "sdp", call->sdp),
               member(p, "call-id", call->call_id),
               member(p, "from-tag", call->from), member(p, "to-tag", call->to),
               member(p, "command", command)));
}

/* The SDP of an answer that has to be `ok`. */
static const char *sdp_of(struct proxy *p, const char *answer)
{
    const char *at = strstr(answer, "6:result2:ok3:sdp");
    char *from;
    size_t n;

    if (!at) {
        fail_msg("not ok: %s", answer);
        return "";
    }
    n = strtoul(at + strlen("6:result2:ok3:sdp"), &from, 10);
    return scene_text(p->scene, "%.*s", (int)n, from + 1);
}

const char *proxy_offer(struct proxy *p, const struct proxy_call *call)
{
    return sdp_of(p, proxy_command(p, "offer", call));
}

const char *proxy_answer(struct proxy *p, const struct proxy_call *call)
{
    return sdp_of(p, proxy_command(p, "answer", call));
}

void proxy_delete(struct proxy *p, const struct proxy_call *call)
{
    const char *answer = proxy_command(p, "delete", call);

    if (!strstr(answer, "d6:result2:oke"))
        fail_msg("not ok: %s", answer);
}

/* No log may show it. */
static void note_token(struct proxy *p, const char *uri)
{
    const char *token = strchr(uri + strlen("msrps://"), '/');

    if (token)
        secrets_add(p->scene->secrets, "a token of an anchored session",
                    span_of(token + 1, TOKEN_LEN));
}

const char *proxy_path(struct proxy *p, const char *sdp)
{
    const char *at = strstr(sdp, "a=path:");

    assert_non_null(at);
    at += strlen("a=path:");
    note_token(p, at);
    return scene_text(p->scene, "%.*s", (int)strcspn(at, "\r\n"), at);
}

const char *proxy_without_tokens(struct proxy *p, const char *text)
{
    char *copy = scene_text(p->scene, "%s", text);
    const char *rest = copy;
    char *at, *out = scene_text(p->scene, "%s", text);
    size_t n = 0;

    while ((at = strstr(rest, ";tcp"))) {
        const char *token = at - TOKEN_LEN;

        if (token <= rest || token[-1] != '/' ||
            strcspn(token, "/ \r\n") < TOKEN_LEN) {
            token = at;
            memcpy(out + n, rest, (size_t)(token - rest));
            n += (size_t)(token - rest);
        } else {
            memcpy(out + n, rest, (size_t)(token - rest));
            n += (size_t)(token - rest);
            memcpy(out + n, "TOKEN", 5);
            n += 5;
        }
        memcpy(out + n, ";tcp", 4);
        n += 4;
        rest = at + 4;
    }
    memcpy(out + n, rest, strlen(rest) + 1);
    return out;
}
