/* SPDX-License-Identifier: BSD-2-Clause */
#include "outbox_rig.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"

struct outbox_rules rig_usual_rules(void)
{
    return (struct outbox_rules){
        .to = SPAN(RELAY " " PEER),
        .ping = SPAN(RELAY),
        .own = SPAN(OWN),
        .timeout_ms = TIMEOUT_MS,
        .failure_report = MSG_REPORT_YES,
    };
}

struct rig *rig_with_rules(void **state, const struct outbox_rules *rules)
{
    struct rig *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->notes = tmpfile();
    assert_non_null(f->notes);
    f->pipe = -1;
    f->now_ms = START_MS;
    rnd_init(&f->rnd);
    tx_init(&f->tx, &f->rnd, NULL);
    screen_init(&f->screen, f->notes, true);
    assert_int_equal(
        outbox_init(&f->outbox, rules, &f->tx, &f->rnd, &f->screen), 0);
    *state = f;
    return f;
}

struct rig *rig_usual(void **state)
{
    struct outbox_rules rules = rig_usual_rules();

    return rig_with_rules(state, &rules);
}

int rig_tear_down(void **state)
{
    struct rig *f = *state;

    frames_free(&f->out);
    outbox_fini(&f->outbox);
    tx_fini(&f->tx);
    fclose(f->notes);
    if (f->pipe >= 0)
        close(f->pipe);
    free(f);
    return 0;
}

void rig_add_text(struct rig *f, const char *text, size_t n)
{
    struct source *s = source_text(span_of(text, n));

    assert_non_null(s);
    assert_int_equal(outbox_add(&f->outbox, s, "text/plain", NULL), 0);
}

void rig_add(struct rig *f, const char *text)
{
    rig_add_text(f, text, strlen(text));
}

/* A message of n octets, no two places of which look alike. */
void rig_add_octets(struct rig *f, size_t n)
{
    char *text = test_malloc(n);

    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + i * 7 % 26);
    rig_add_text(f, text, n);
    test_free(text);
}

/* A message out of a pipe, whose other end is f->pipe. */
void rig_add_pipe(struct rig *f)
{
    char path[32];
    struct source *s;
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    assert_int_equal(source_file(&s, path), 0);
    close(ends[0]);
    f->pipe = ends[1];
    assert_int_equal(outbox_add(&f->outbox, s, "text/plain", NULL), 0);
}

void rig_feed(struct rig *f, size_t n)
{
    char *text = test_malloc(n);

    memset(text, 'x', n);
    assert_int_equal(write(f->pipe, text, n), n);
    test_free(text);
}

void rig_end_pipe(struct rig *f)
{
    close(f->pipe);
    f->pipe = -1;
}

/* All that can go out goes out. */
void rig_pump(struct rig *f)
{
    assert_int_equal(outbox_pump(&f->outbox, f->now_ms), 0);
    frames_free(&f->out);
    frames_take(&f->out, &f->tx);
    assert_int_equal(outbox_tick(&f->outbox, f->now_ms), 0);
}

const struct seen *rig_frame(struct rig *f, size_t i)
{
    return frames_at(&f->out, i);
}

void rig_respond(struct rig *f, const struct seen *to, unsigned code)
{
    char text[512];
    struct msg head;

    snprintf(text, sizeof text,
             "MSRP %.*s %u Because\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "-------%.*s$\r\n",
             SPAN_ARG(msg_text(&to->head, to->head.tid)), code, OWN, RELAY,
             SPAN_ARG(msg_text(&to->head, to->head.tid)));
    head = frames_head(text);
    assert_int_equal(outbox_on_response(&f->outbox, &head, f->now_ms), 0);
}

void rig_report(struct rig *f, const struct seen *on, const char *range,
                const char *status)
{
    char text[512];
    struct msg head;

    snprintf(text, sizeof text,
             "MSRP rrrr REPORT\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
             "Message-ID: %.*s\r\n%sStatus: %s\r\n-------rrrr$\r\n",
             OWN, RELAY, SPAN_ARG(frames_header(on, "Message-ID")), range,
             status);
    head = frames_head(text);
    assert_int_equal(head.fault, MSG_FAULT_NONE);
    assert_int_equal(outbox_on_report(&f->outbox, &head, f->now_ms), 0);
}

void rig_pass(struct rig *f, uint64_t ms)
{
    f->now_ms += ms;
    assert_int_equal(outbox_tick(&f->outbox, f->now_ms), 0);
}
