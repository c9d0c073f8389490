/* SPDX-License-Identifier: BSD-2-Clause */
#include "control_request.h"

#include "err.h"

/* The line, on its way to becoming words. What was undone lies before `in`. */
struct reader {
    char *in, *end;
    char *out;
};

static bool control_request_is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

static int control_request_refuse(const char **why, const char *what)
{
    *why = what;
    return ERR_SYNTAX;
}

/* The quoted part that begins at r->in; ERR_SYNTAX when it has no end. */
static int control_request_take_quoted(struct reader *r)
{
    for (r->in++; r->in < r->end; r->in++) {
        if (*r->in == '"') {
            r->in++;
            return 0;
        }
        if (*r->in == '\\' && ++r->in == r->end)
            break;
        *r->out++ = *r->in;
    }
    return ERR_SYNTAX;
}

/* The next word: 0, ERR_EOF at the end, or ERR_SYNTAX. `*key_n` is how long the
 * key in front of its first bare `=` is, or word->n without one. */
static int take_word(struct span *word, size_t *key_n, struct reader *r)
{
    bool has_key = false;

    while (r->in < r->end && *r->in == ' ')
        r->in++;
    if (r->in == r->end)
        return ERR_EOF;
    *word = span_of(r->in, 0);
    r->out = r->in;
    while (r->in < r->end && *r->in != ' ') {
        if (*r->in == '"') {
            if (control_request_take_quoted(r))
                return ERR_SYNTAX;
            continue;
        }
        if (*r->in == '=' && !has_key) {
            has_key = true;
            *key_n = (size_t)(r->out - word->p);
        }
        *r->out++ = *r->in++;
    }
    word->n = (size_t)(r->out - word->p);
    if (!has_key)
        *key_n = word->n;
    return 0;
}

/* A time with one of our units, in milliseconds. */
static int take_time(uint64_t *out, struct span text)
{
    enum { LONGEST_S = 20 * 365 * 86400 };
    static const struct {
        char unit;
        unsigned seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    unsigned seconds = 1;
    uint64_t n;

    for (size_t i = 0; text.n && i < sizeof units / sizeof *units; i++) {
        if (text.p[text.n - 1] != units[i].unit)
            continue;
        seconds = units[i].seconds;
        text.n--;
        break;
    }
    if (span_u64(&n, text, (uint64_t)LONGEST_S / seconds))
        return ERR_SYNTAX;
    *out = n * seconds * 1000;
    return 0;
}

static int set_filter(struct control_request *q, const char **why, unsigned key,
                      struct span value)
{
    if (q->filters & key)
        return control_request_refuse(why, "the same argument twice");
    if (!value.n || value.n > CONTROL_VALUE_MAX)
        return control_request_refuse(why, "a value must have 1 to 255 octets");
    q->filters |= key;
    if (key == CONTROL_USER)
        q->user = value;
    if (key == CONTROL_PEER && cidr_parse(&q->peer, value))
        return control_request_refuse(
            why, "peer must be an address, or a block such as 192.0.2.0/24");
    if (key == CONTROL_IDLE && take_time(&q->idle_ms, value))
        return control_request_refuse(
            why, "idle must be seconds, or a time such as 5m, 2h or 1d");
    return 0;
}

static int set_value(struct control_request *q, const char **why, unsigned key,
                     struct span value)
{
    if (control_commands[q->id].filters & key)
        return set_filter(q, why, key, value);
    if (!(control_commands[q->id].keys & key))
        return control_request_refuse(why, "invalid argument for this command");
    if (q->key)
        return control_request_refuse(why, "too many arguments");
    if (!value.n || value.n > CONTROL_VALUE_MAX)
        return control_request_refuse(why, "a value must have 1 to 255 octets");
    q->key = key;
    q->value = value;
    if (key == CONTROL_CONNECTION &&
        (span_u64(&q->connection, value, UINT64_MAX) || !q->connection))
        return control_request_refuse(why,
                                      "connection must be a positive number");
    return 0;
}

static int set_word(struct control_request *q, const char **why,
                    struct span word)
{
    const struct control_command *c = &control_commands[q->id];

    if (c->bare_key)
        return set_value(q, why, c->bare_key, word);
    if (!control_command_takes(c, word))
        return control_request_refuse(why, "invalid argument for this command");
    if (q->word.n)
        return control_request_refuse(why, "too many arguments");
    q->word = word;
    return 0;
}

/* Do the arguments make sense together? */
static int check(const struct control_request *q, const char **why)
{
    if (control_commands[q->id].needs_key && !q->key)
        return control_request_refuse(why, "missing argument");
    /* trace: a target needs on or off, and the other way round. */
    if (q->id == CONTROL_TRACE && (q->word.n != 0) != (q->key != 0))
        return control_request_refuse(
            why, "trace needs on or off, and user= or session=");
    return 0;
}

static int take_arguments(struct control_request *q, const char **why,
                          struct reader *r)
{
    struct span word;
    size_t key_n;
    int err;

    while ((err = take_word(&word, &key_n, r)) == 0) {
        if (key_n < word.n)
            err = set_value(q, why, control_key(span_of(word.p, key_n)),
                            span_from(word, key_n + 1));
        else
            err = set_word(q, why, word);
        if (err)
            return err;
    }
    return err == ERR_EOF ? check(q, why)
                          : control_request_refuse(why, "unterminated quotes");
}

int control_request_parse(struct control_request *out, const char **why,
                          char *line, size_t n)
{
    struct reader r = {.in = line, .end = line + n};
    struct control_request q = {.key = 0};
    struct span name;
    size_t key_n;
    int err;

    if (!control_request_is_text(span_of(line, n)))
        return control_request_refuse(why, "control character");
    err = take_word(&name, &key_n, &r);
    if (err)
        return control_request_refuse(why, err == ERR_EOF
                                               ? "no command, try help"
                                               : "unterminated quotes");
    if (control_command_find(&q.id, name))
        return control_request_refuse(why, "unknown command, try help");
    err = take_arguments(&q, why, &r);
    if (!err)
        *out = q;
    return err;
}

bool control_request_is_text(struct span line)
{
    for (size_t i = 0; i < line.n; i++)
        if (control_request_is_control(line.p[i]))
            return false;
    return true;
}

int control_request_quote(char *dst, size_t size, struct span value)
{
    size_t n = 0;

    if (size < 3)
        return ERR_LIMIT;
    dst[n++] = '"';
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];

        if (control_request_is_control(c))
            return ERR_SYNTAX;
        if (n + 4 > size) /* an escape, the octet, the quote and the NUL */
            return ERR_LIMIT;
        if (c == '"' || c == '\\')
            dst[n++] = '\\';
        dst[n++] = c;
    }
    dst[n++] = '"';
    dst[n] = '\0';
    return 0;
}
