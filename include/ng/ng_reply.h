/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_reply - the answer to an ng request, in the form of that: bencode or
 * JSON, written into the caller's memory.
 *
 *     ng_reply_begin(&reply, cookie, is_json);
 *     ng_reply_text(&reply, "result", SPAN("pong"));
 *     if (ng_reply_end(&reply)) ...
 *
 * Members are written in the order of their names, as bencode wants it.
 * A reply that does not fit is full, and stays so. `name` is NULL for what is
 * no member of a dictionary. */
#ifndef NG_REPLY_H
#define NG_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "str.h"

struct ng_reply {
    char *p; /* the caller's */
    size_t n, size;
    bool is_json;
    bool full;
    bool is_error;   /* ng_reply_error() made it ... */
    char reason[64]; /* ... and this is why */
    struct json json;
    struct span cookie;
};

/* The memory, which stays the caller's. */
void ng_reply_init(struct ng_reply *r, char *p, size_t size);

/* Begins with COOKIE, SP and the outer dictionary; what was there before is
 * forgotten. The cookie has to stay valid. */
void ng_reply_begin(struct ng_reply *r, struct span cookie, bool is_json);

void ng_reply_text(struct ng_reply *r, const char *name, struct span value);
void ng_reply_number(struct ng_reply *r, const char *name, int64_t value);
void ng_reply_list_begin(struct ng_reply *r, const char *name);
void ng_reply_list_end(struct ng_reply *r);
void ng_reply_dict_begin(struct ng_reply *r, const char *name);
/* The same with a name that a peer chose. */
void ng_reply_dict_begin_span(struct ng_reply *r, struct span name);
void ng_reply_dict_end(struct ng_reply *r);

/* Makes it {"error-reason": REASON, "result": "error"}, whatever was written
 * since it began. */
void ng_reply_error(struct ng_reply *r, const char *reason);

/* Can it be ended? Ask before anything is kept for which it is the answer. */
bool ng_reply_fits(const struct ng_reply *r);

/* Ends the outer dictionary: 0, or ERR_FULL. */
int ng_reply_end(struct ng_reply *r);

/* All of it, once it was ended. */
static inline struct span ng_reply_span(const struct ng_reply *r)
{
    return span_of(r->p, r->n);
}

#endif
