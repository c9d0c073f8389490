/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng.h"

#include <poll.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "err.h"
#include "ng_frame.h"

enum { UDP, TCP };

/* A server whose only command says what it was asked. */
struct rig {
    struct loop *loop;
    struct ng *ng;
    struct ng_socket *sockets[2];
    struct cidr allowed;
    struct cidr_list allow;
    unsigned asked;
    size_t answer_n; /* octets in each answer, if not 0 */
};

static char large[300000];

static void rig_on_request(void *ctx, const struct ng_request *request,
                           struct ng_reply *reply)
{
    struct rig *rig = ctx;

    rig->asked++;
    ng_reply_number(reply, "asked", rig->asked);
    if (rig->answer_n)
        ng_reply_text(reply, "large", span_of(large, rig->answer_n));
    ng_reply_text(reply, "result", request->command);
}

static int set_up(void **state)
{
    static struct rig rig;
    struct addr at;

    memset(&rig, 0, sizeof rig);
    memset(large, 'x', sizeof large);
    assert_int_equal(loop_new(&rig.loop), 0);
    assert_int_equal(ng_new(&rig.ng, rig.loop, NULL, rig_on_request, &rig), 0);
    rig.allowed = (struct cidr){.host = {127}, .n = 4, .prefix = 8};
    rig.allow = (struct cidr_list){.items = &rig.allowed, .n = 1};
    ng_configure(rig.ng, &rig.allow);
    for (int tcp = UDP; tcp <= TCP; tcp++) {
        assert_int_equal(addr_parse(&at, SPAN("127.0.0.1"), 0), 0);
        assert_int_equal(
            ng_socket_open(&rig.sockets[tcp], rig.ng, tcp == TCP, &at), 0);
    }
    *state = &rig;
    return 0;
}

static int take_down(void **state)
{
    struct rig *rig = *state;

    ng_free(rig->ng);
    loop_free(rig->loop);
    return 0;
}

static int connect_to(struct rig *rig, int tcp)
{
    const struct addr *at = ng_socket_addr(rig->sockets[tcp]);
    int fd = socket(AF_INET, tcp == TCP ? SOCK_STREAM : SOCK_DGRAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &at->sa, at->len), 0);
    return fd;
}

static void say(int fd, struct span s)
{
    assert_int_equal(send(fd, s.p, s.n, MSG_NOSIGNAL), s.n);
}

/* Turns the loop until something can be read; what it was. */
static struct span hear(struct rig *rig, int fd)
{
    static char text[400000];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ssize_t n;

    for (int i = 0; i < 1000 && poll(&p, 1, 0) == 0; i++)
        loop_turn(rig->loop, false);
    assert_int_equal(poll(&p, 1, 5000), 1);
    n = recv(fd, text, sizeof text, 0);
    return n < 0 ? SPAN("reset") : span_of(text, (size_t)n);
}

/* As much as `n` octets. */
static struct span hear_all(struct rig *rig, int fd, size_t n)
{
    static char text[400000];
    size_t got = 0;

    while (got < n) {
        struct span s = hear(rig, fd);

        assert_true(s.n > 0 && got + s.n <= sizeof text);
        memcpy(text + got, s.p, s.n);
        got += s.n;
    }
    return span_of(text, got);
}

static void expect(struct rig *rig, int fd, const char *question,
                   const char *answer)
{
    say(fd, span_str(question));
    assert_span_equal(hear_all(rig, fd, strlen(answer)), span_str(answer));
}

static struct ng_stats stats(struct rig *rig)
{
    struct ng_stats s;

    ng_stats(rig->ng, &s);
    return s;
}

static void both_forms_are_answered_on_both_transports(void **state)
{
    struct rig *rig = *state;

    for (int tcp = UDP; tcp <= TCP; tcp++) {
        int fd = connect_to(rig, tcp);

        rig->asked = 0;
        expect(rig, fd, tcp ? "t1 d7:command4:pinge" : "u1 d7:command4:pinge",
               tcp ? "t1 d5:askedi1e6:result4:pinge"
                   : "u1 d5:askedi1e6:result4:pinge");
        expect(rig, fd,
               tcp ? "t2 {\"command\":\"x\"}" : "u2 {\"command\":\"x\"}",
               tcp ? "t2 {\"asked\":2,\"result\":\"x\"}"
                   : "u2 {\"asked\":2,\"result\":\"x\"}");
        close(fd);
    }
    assert_int_equal(stats(rig).requests, 4);
}

static void what_cannot_be_read_gets_an_error(void **state)
{
    struct rig *rig = *state;
    int fd = connect_to(rig, UDP);

    expect(rig, fd, "1 ping",
           "1 d12:error-reason22:Invalid NG data format6:result5:errore");
    expect(rig, fd, "2 ",
           "2 d12:error-reason22:Invalid NG data format6:result5:errore");
    expect(rig, fd, "3 d7:command4:pingex",
           "3 d12:error-reason27:Failed to decode dictionary6:result5:errore");
    expect(rig, fd, "4 {\"command\":\"ping\"",
           "4 {\"error-reason\":\"Failed to decode dictionary\","
           "\"result\":\"error\"}");
    expect(rig, fd, "5 de",
           "5 d12:error-reason36:Dictionary contains no key \"command\""
           "6:result5:errore");
    expect(rig, fd, "6 d7:commandlee",
           "6 d12:error-reason33:Key of a wrong type in dictionary"
           "6:result5:errore");
    assert_int_equal(rig->asked, 0);
    close(fd);
}

static void without_a_cookie_there_is_no_answer(void **state)
{
    struct rig *rig = *state;
    int udp = connect_to(rig, UDP), tcp = connect_to(rig, TCP);

    say(udp, SPAN("ping"));
    say(udp, SPAN(" de"));
    say(udp, SPAN(""));
    expect(rig, udp, "1 d7:command1:xe", "1 d5:askedi1e6:result1:xe");
    assert_int_equal(stats(rig).dropped, 3);
    say(tcp, SPAN(" de"));
    assert_int_equal(hear(rig, tcp).n, 0);
    assert_int_equal(stats(rig).dropped, 4);
    close(udp);
    close(tcp);
}

static void strangers_are_not_heard(void **state)
{
    struct rig *rig = *state;
    int udp = connect_to(rig, UDP), tcp;
    struct pollfd p = {.fd = udp, .events = POLLIN};

    rig->allowed.host[0] = 10;
    say(udp, SPAN("1 d7:command1:xe"));
    tcp = connect_to(rig, TCP);
    assert_int_equal(hear(rig, tcp).n, 0);
    for (int i = 0; i < 10; i++)
        loop_turn(rig->loop, false);
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_int_equal(rig->asked, 0);
    assert_int_equal(stats(rig).refused, 2);
    close(udp);
    close(tcp);
}

static void the_same_message_is_answered_again_and_not_done_again(void **state)
{
    struct rig *rig = *state;
    int a = connect_to(rig, UDP), b = connect_to(rig, UDP);

    expect(rig, a, "1 d7:command1:xe", "1 d5:askedi1e6:result1:xe");
    expect(rig, b, "1 d7:command1:xe", "1 d5:askedi1e6:result1:xe");
    expect(rig, b, "1 d7:command1:ye", "1 d5:askedi2e6:result1:ye");
    assert_int_equal(rig->asked, 2);
    assert_int_equal(stats(rig).duplicates, 1);
    close(a);
    close(b);
}

static void an_answer_that_does_not_fit_is_an_error(void **state)
{
    struct rig *rig = *state;
    int udp = connect_to(rig, UDP), tcp = connect_to(rig, TCP);

    rig->answer_n = 100000;
    expect(rig, udp, "1 d7:command1:xe",
           "1 d12:error-reason15:Reply too large6:result5:errore");
    assert_int_equal(stats(rig).too_large, 1);
    say(tcp, SPAN("2 d7:command1:xe"));
    assert_true(hear_all(rig, tcp, 100000).n >= 100000);
    close(udp);
    close(tcp);
}

#define FIRST "1 d7:command1:ae"
#define SECOND "2 {\"command\":\"}b\"}"
#define THIRD "3 d7:command1:ce"

static void a_stream_may_be_cut_anywhere(void **state)
{
    struct rig *rig = *state;
    const struct span all = SPAN("\r\n" FIRST "\n" SECOND THIRD);

    for (size_t at = 1; at < all.n; at++) {
        int fd = connect_to(rig, TCP);
        struct span heard;

        say(fd, span_of(all.p, at));
        loop_turn(rig->loop, false);
        loop_turn(rig->loop, false);
        say(fd, span_from(all, at));
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        heard = hear_all(rig, fd, 76);
        assert_int_equal(memcmp(heard.p, "1 d5:askedi1e6:result1:ae", 25), 0);
        assert_int_equal(hear(rig, fd).n, 0);
        close(fd);
    }
    assert_int_equal(rig->asked, 3);
    assert_int_equal(stats(rig).connections, 0);
}

static void many_messages_in_one_piece_are_answered_in_order(void **state)
{
    enum { MESSAGES = 1000 };
    struct rig *rig = *state;
    int fd = connect_to(rig, TCP);
    static char text[MESSAGES * 32];
    char want[64];
    struct span heard;
    size_t n = 0;

    for (unsigned i = 1; i <= MESSAGES; i++)
        n +=
            (size_t)snprintf(text + n, sizeof text - n, "%u d7:command1:xe", i);
    say(fd, span_of(text, n));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    heard = hear_all(rig, fd, 20000);
    for (unsigned i = 1; i <= 500; i++) {
        struct span prefix = span_of(
            want, (size_t)snprintf(want, sizeof want,
                                   "%u d5:askedi%ue6:result1:xe", i, i));

        assert_true(span_starts(heard, prefix));
        heard = span_from(heard, prefix.n);
    }
    while (hear(rig, fd).n)
        ;
    assert_int_equal(rig->asked, MESSAGES);
    close(fd);
}

static void a_stream_without_end_is_closed(void **state)
{
    struct rig *rig = *state;
    int fd = connect_to(rig, TCP);
    int full = 1 << 20;
    ssize_t sent = 0;

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &full, sizeof full),
                     0);
    say(fd, SPAN("1 {\""));
    for (int i = 0; i < 2000 && sent >= 0; i++) {
        sent = send(fd, large, 1000, MSG_NOSIGNAL | MSG_DONTWAIT);
        loop_turn(rig->loop, false);
    }
    assert_true(sent < 0);
    assert_int_equal(stats(rig).connections, 0);
    close(fd);
}

static void what_follows_a_fault_on_a_stream_is_not_read(void **state)
{
    struct rig *rig = *state;
    int fd = connect_to(rig, TCP);

    expect(rig, fd, "1 dx2 d7:command1:xe",
           "1 d12:error-reason27:Failed to decode dictionary6:result5:errore");
    assert_int_equal(hear(rig, fd).n, 0);
    assert_int_equal(rig->asked, 0);
    close(fd);
}

/* Nor does it take away the answers to what came before. */
static void what_came_before_a_fault_on_a_stream_is_answered(void **state)
{
    struct rig *rig = *state;
    int fd = connect_to(rig, TCP);

    expect(rig, fd, "1 d7:command1:xe 2 d7:command1:xe",
           "1 d5:askedi1e6:result1:xe");
    assert_int_equal(hear(rig, fd).n, 0);
    assert_int_equal(rig->asked, 1);
    close(fd);
}

static void halves_of_messages_hold_nobody_up(void **state)
{
    enum { HALVES = 200 };
    struct rig *rig = *state;
    int halves[HALVES], fd;

    for (int i = 0; i < HALVES; i++) {
        halves[i] = connect_to(rig, TCP);
        say(halves[i], SPAN("1 d1000:x"));
        loop_turn(rig->loop, false);
    }
    fd = connect_to(rig, TCP);
    expect(rig, fd, "1 d7:command1:xe", "1 d5:askedi1e6:result1:xe");
    for (int i = 0; i < HALVES; i++)
        close(halves[i]);
    close(fd);
}

static void a_closed_socket_answers_what_has_come(void **state)
{
    struct rig *rig = *state;
    int udp = connect_to(rig, UDP), tcp = connect_to(rig, TCP);

    say(udp, SPAN("1 d7:command1:xe"));
    say(tcp, SPAN("2 d7:command1:xe"));
    for (int i = UDP; i <= TCP; i++)
        ng_socket_close(rig->sockets[i]);
    assert_span(hear(rig, udp), "1 d5:askedi1e6:result1:xe");
    assert_span(hear(rig, tcp), "2 d5:askedi2e6:result1:xe");
    close(udp);
    close(tcp);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, take_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(both_forms_are_answered_on_both_transports),
        WITH(what_cannot_be_read_gets_an_error),
        WITH(without_a_cookie_there_is_no_answer),
        WITH(strangers_are_not_heard),
        WITH(the_same_message_is_answered_again_and_not_done_again),
        WITH(an_answer_that_does_not_fit_is_an_error),
        WITH(a_stream_may_be_cut_anywhere),
        WITH(many_messages_in_one_piece_are_answered_in_order),
        WITH(a_stream_without_end_is_closed),
        WITH(what_follows_a_fault_on_a_stream_is_not_read),
        WITH(what_came_before_a_fault_on_a_stream_is_answered),
        WITH(halves_of_messages_hold_nobody_up),
        WITH(a_closed_socket_answers_what_has_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
