/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_json.h"

#include <jansson.h>

#include "err.h"
#include "ng_private.h"

/* --- the end of an object --- */

/* In a string: true at its end. */
static bool scan_string(struct ng_json_scan *s, char c)
{
    if (s->escaped) {
        s->escaped = false;
        return false;
    }
    s->escaped = c == '\\';
    return c == '"';
}

static int scan_char(struct ng_json_scan *s, char c)
{
    switch (c) {
    case '"':
        s->in_string = true;
        return 0;
    case '{':
    case '[':
        s->values++;
        return ++s->depth > NG_JSON_DEPTH_MAX ? ERR_LIMIT : 0;
    case '}':
    case ']':
        if (s->depth == 0)
            return ERR_SYNTAX;
        s->depth--;
        return 0;
    case ',':
        return ++s->values > NG_JSON_VALUES_MAX ? ERR_LIMIT : 0;
    default:
        return 0;
    }
}

int ng_json_scan(struct ng_json_scan *s, struct span text, size_t max)
{
    int err = 0;

    do {
        char c;

        if (s->at >= max)
            return ERR_LIMIT;
        if (s->at == text.n)
            return ERR_AGAIN;
        c = text.p[s->at++];
        if (s->in_string)
            s->in_string = !scan_string(s, c);
        else
            err = scan_char(s, c);
    } while (!err && s->depth);
    return err;
}

/* --- from one form to the other --- */

static void put_string(struct text *out, struct span s)
{
    text_put_u64(out, s.n);
    text_put(out, SPAN(":"));
    text_put(out, s);
}

static void put_scalar(struct text *out, const json_t *v)
{
    if (json_is_string(v))
        put_string(out, span_of(json_string_value(v), json_string_length(v)));
    else if (json_is_integer(v))
        text_printf(out, "i%" JSON_INTEGER_FORMAT "e", json_integer_value(v));
    else if (json_is_boolean(v))
        text_put(out, json_is_true(v) ? SPAN("i1e") : SPAN("i0e"));
    else
        text_put(out, SPAN("le"));
}

/* An object or an array whose members are being written. */
struct level {
    json_t *value;
    void *iter;  /* of an object */
    size_t next; /* of an array */
};

/* The next member, with its key written: NULL at the end. */
static json_t *next_member(struct text *out, struct level *l)
{
    json_t *v;

    if (json_is_array(l->value))
        return json_array_get(l->value, l->next++);
    for (; l->iter; l->iter = json_object_iter_next(l->value, l->iter)) {
        v = json_object_iter_value(l->iter);
        if (json_is_null(v))
            continue;
        /* No key has a NUL in it: ng_json_tame() has seen to that. */
        put_string(out, span_str(json_object_iter_key(l->iter)));
        l->iter = json_object_iter_next(l->value, l->iter);
        return v;
    }
    return NULL;
}

static void level_begin(struct text *out, struct level *l, json_t *v)
{
    *l = (struct level){.value = v};
    if (json_is_object(v))
        l->iter = json_object_iter(v);
    text_put(out, json_is_object(v) ? SPAN("d") : SPAN("l"));
}

/* Its depth was found to be small by the scan. */
static void put_object(struct text *out, json_t *object)
{
    struct level levels[NG_JSON_DEPTH_MAX];
    size_t depth = 1;

    level_begin(out, &levels[0], object);
    while (depth) {
        json_t *v = next_member(out, &levels[depth - 1]);

        if (!v) {
            text_put(out, SPAN("e"));
            depth--;
        } else if (json_is_object(v) || json_is_array(v)) {
            level_begin(out, &levels[depth++], v);
        } else {
            put_scalar(out, v);
        }
    }
}

int ng_json_read(struct text *out, struct span document)
{
    struct ng_json_scan s = {0};
    json_error_t error;
    json_t *object;
    struct text tame;
    int err;

    if (document.n == 0 || document.p[0] != '{')
        return ERR_SYNTAX;
    err = ng_json_scan(&s, document, document.n + 1);
    if (err)
        return err == ERR_LIMIT ? ERR_LIMIT : ERR_SYNTAX;
    if (s.at != document.n)
        return ERR_SYNTAX;
    text_init(&tame, document.n + 1);
    ng_json_tame(&tame, document);
    err = tame.err;
    object = err ? NULL : json_loadb(tame.p, tame.n, JSON_ALLOW_NUL, &error);
    text_fini(&tame);
    if (!object)
        return err ? err : ERR_SYNTAX;
    put_object(out, object);
    json_decref(object);
    return out->err;
}
