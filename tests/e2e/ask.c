/* SPDX-License-Identifier: BSD-2-Clause */
#include "ask.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "renew.h"

void ask_open(struct scene *s, const struct relay_opts *opts)
{
    struct relay_opts with_socket = {0};

    if (opts)
        with_socket = *opts;
    with_socket.groups = scene_text(
        s, "control: { socket = \"%s\"; };\n%s", relay_path(s->relay, "sock"),
        with_socket.groups ? with_socket.groups : "");
    renew_with(s, &with_socket);
}

/* One question, until its answer is there. */
struct question {
    struct scene_part part;
    char said[65536];
    size_t n;
    bool ended;
};

static void take_answer(struct scene_part *p)
{
    struct question *q = (struct question *)(void *)p;
    ssize_t n = recv(p->fd, q->said + q->n, sizeof q->said - 1 - q->n, 0);

    if (n <= 0)
        q->ended = true;
    else
        q->n += (size_t)n;
    q->said[q->n] = '\0';
}

static void question_free(struct scene_part *p)
{
    close(p->fd);
    free(p);
}

/* The last row, and no other, has this member. */
static bool is_answered(void *ctx)
{
    const struct question *q = ctx;

    return q->ended ||
           (strstr(q->said, "\"ok\":") && q->said[q->n - 1] == '\n');
}

const char *ask(struct scene *s, const char *request)
{
    struct question *q = calloc(1, sizeof *q);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *answer;

    assert_non_null(q);
    span_copy(at.sun_path, sizeof at.sun_path,
              span_str(relay_path(s->relay, "sock")));
    q->part =
        (struct scene_part){.on_ready = take_answer, .free = question_free};
    q->part.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(q->part.fd >= 0);
    scene_add_part(s, &q->part);
    assert_int_equal(connect(q->part.fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_true(dprintf(q->part.fd, "%s\n", request) > 0);
    scene_until(s, is_answered, q, "an answer of the control socket");
    answer = scene_text(s, "%s", q->said);
    list_remove(&q->part.of_scene);
    question_free(&q->part);
    return answer;
}

const char *ask_well(struct scene *s, const char *request)
{
    const char *answer = ask(s, request);

    if (!strstr(answer, "\"ok\":true"))
        fail_msg("%s: %s", request, answer);
    return answer;
}
