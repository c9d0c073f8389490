/* SPDX-License-Identifier: BSD-2-Clause */
/* command_lookup - what is known of a user, and who says so. */
#include "commands_private.h"
#include "ephemeral.h"
#include "err.h"
#include "secrets.h"

/* Whom the request is about: what follows the last `@` is the realm if it is
 * one. */
static struct lookup_query who_is_meant(const struct server *s,
                                        struct span value)
{
    const struct policy *policy = s->now.policy;
    struct lookup_query q = {value, policy->realm, policy->algorithms[0]};
    const char *at = memrchr(value.p, '@', value.n);
    struct span user, realm;

    if (!at || at == value.p)
        return q;
    user = span_of(value.p, (size_t)(at - value.p));
    realm = span_from(value, user.n + 1);
    if (span_eq(realm, policy->realm))
        q.user = user;
    for (size_t i = 0; i < policy->n_realms; i++)
        if (span_eq(realm, policy->realms[i]))
            q = (struct lookup_query){user, policy->realms[i], q.alg};
    return q;
}

static void put_answer(struct control_call *call, const struct lookup_query *q,
                       const char *result, const char *source, uint64_t age_ms)
{
    struct json j;

    control_row(call, &j);
    json_str(&j, "user", q->user);
    json_str(&j, "realm", q->realm);
    json_str(&j, "algorithm", digest_alg_name(q->alg));
    put_text(&j, "result", result);
    put_text(&j, "source", source);
    json_seconds(&j, "age_s", age_ms);
    control_row_end(call, &j);
}

static bool is_in_file(const struct server *s, const struct lookup_query *q)
{
    for (int alg = 0; alg < DIGEST_ALGS; alg++)
        if (users_find(s->now.users, q->user, q->realm, (enum digest_alg)alg).n)
            return true;
    return false;
}

static bool is_ephemeral(const struct server *s, const struct lookup_query *q)
{
    struct ephemeral_user u;

    return secrets_count(s->now.secrets) > 0 && ephemeral_parse(&u, q->user);
}

static void command_lookup_answered(struct lookup_wait *w,
                                    const struct lookup_answer *answer)
{
    struct command_lookup *l = CONTAINER(w, struct command_lookup, wait);

    l->is_waiting = false;
    l->answer = *answer;
    explicit_bzero(&l->answer.ha1, sizeof l->answer.ha1);
    control_resume(l->call);
}

void command_lookup_end(struct command_lookup *l)
{
    if (l->is_waiting)
        lookup_forget(&l->wait);
    l->is_waiting = false;
}

/* true: that was all; else the answer is awaited. */
static bool ask(struct server *s, struct control_call *call,
                const struct lookup_query *q)
{
    struct command_lookup *l = &command_state_of(call)->lookup;

    l->call = call;
    l->wait.answered = command_lookup_answered;
    list_init(&l->wait.of_question);
    if (lookup_recall(s->lookup, &l->answer, q)) {
        explicit_bzero(&l->answer.ha1, sizeof l->answer.ha1);
        put_answer(call, q, lookup_result_name(l->answer.result), "memory",
                   l->answer.age_ms);
        return true;
    }
    if (lookup_ask(s->lookup, q, &l->wait) != 0) {
        put_answer(call, q, "no helper", "", 0);
        return true;
    }
    l->is_waiting = true;
    control_wait(call);
    return false;
}

bool command_lookup(struct server *s, struct control_call *call)
{
    const struct lookup_query q = who_is_meant(s, call->request.value);

    if (call->steps > 0) {
        const struct command_lookup *l = &command_state_of(call)->lookup;

        put_answer(call, &q, lookup_result_name(l->answer.result), "helper", 0);
        return true;
    }
    if (is_in_file(s, &q))
        put_answer(call, &q, "known", "users_file", 0);
    else if (is_ephemeral(s, &q))
        put_answer(call, &q, "ephemeral", "secret_file", 0);
    else if (s->now.lookup.n == 0)
        put_answer(call, &q, "unknown", "users_file", 0);
    else
        return ask(s, call, &q);
    return true;
}
