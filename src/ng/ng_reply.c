/* SPDX-License-Identifier: BSD-2-Clause */
#include "ng_reply.h"

#include "err.h"

void ng_reply_init(struct ng_reply *r, char *p, size_t size)
{
    *r = (struct ng_reply){.p = p, .size = size};
}

static void reply_put(struct ng_reply *r, struct span s)
{
    if (r->full || s.n > r->size - r->n) {
        r->full = true;
        return;
    }
    if (s.n)
        memcpy(r->p + r->n, s.p, s.n);
    r->n += s.n;
}

static void put_string(struct ng_reply *r, struct span s)
{
    char digits[20];

    reply_put(r, span_of(digits, u64_text(digits, s.n)));
    reply_put(r, SPAN(":"));
    reply_put(r, s);
}

static void put_name(struct ng_reply *r, const char *name)
{
    if (name)
        put_string(r, span_str(name));
}

/* JSON is written behind the cookie, by a writer of its own. */
void ng_reply_begin(struct ng_reply *r, struct span cookie, bool is_json)
{
    r->n = 0;
    r->full = r->is_error = false;
    r->cookie = cookie;
    r->is_json = is_json;
    reply_put(r, cookie);
    reply_put(r, SPAN(" "));
    json_init(&r->json, r->p + r->n, r->size - r->n);
    ng_reply_dict_begin(r, NULL);
}

void ng_reply_text(struct ng_reply *r, const char *name, struct span value)
{
    if (r->is_json) {
        json_str(&r->json, name, value);
        return;
    }
    put_name(r, name);
    put_string(r, value);
}

void ng_reply_number(struct ng_reply *r, const char *name, int64_t value)
{
    char text[24];

    if (r->is_json) {
        json_i64(&r->json, name, value);
        return;
    }
    put_name(r, name);
    reply_put(r, span_of(text, (size_t)snprintf(text, sizeof text, "i%llde",
                                                (long long)value)));
}

void ng_reply_list_begin(struct ng_reply *r, const char *name)
{
    if (r->is_json) {
        json_array_begin(&r->json, name);
        return;
    }
    put_name(r, name);
    reply_put(r, SPAN("l"));
}

void ng_reply_list_end(struct ng_reply *r)
{
    if (r->is_json)
        json_array_end(&r->json);
    else
        reply_put(r, SPAN("e"));
}

void ng_reply_dict_begin(struct ng_reply *r, const char *name)
{
    if (r->is_json) {
        json_object_begin(&r->json, name);
        return;
    }
    put_name(r, name);
    reply_put(r, SPAN("d"));
}

void ng_reply_dict_begin_span(struct ng_reply *r, struct span name)
{
    if (r->is_json) {
        json_object_begin_span(&r->json, name);
        return;
    }
    put_string(r, name);
    reply_put(r, SPAN("d"));
}

void ng_reply_dict_end(struct ng_reply *r)
{
    if (r->is_json)
        json_object_end(&r->json);
    else
        reply_put(r, SPAN("e"));
}

void ng_reply_error(struct ng_reply *r, const char *reason)
{
    ng_reply_begin(r, r->cookie, r->is_json);
    ng_reply_text(r, "error-reason", span_str(reason));
    ng_reply_text(r, "result", SPAN("error"));
    r->is_error = true;
    span_copy(r->reason, sizeof r->reason, span_str(reason));
}

/* The last brace takes an octet in either form. */
bool ng_reply_fits(const struct ng_reply *r)
{
    if (r->is_json)
        return !r->full && !r->json.full && r->json.n < r->json.size;
    return !r->full && r->n < r->size;
}

int ng_reply_end(struct ng_reply *r)
{
    ng_reply_dict_end(r);
    if (r->is_json) {
        r->n += r->json.n;
        r->full |= r->json.full;
    }
    return r->full ? ERR_FULL : 0;
}
