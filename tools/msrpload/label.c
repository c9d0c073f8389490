/* SPDX-License-Identifier: BSD-2-Clause */
#include "label.h"

enum { FLOW = 5, NUMBER = 11, TIME = 12 };

static char *put(char *dst, unsigned digits, uint64_t value)
{
    for (unsigned i = digits; i-- > 0; value >>= 4)
        dst[i] = "0123456789abcdef"[value & 15];
    return dst + digits;
}

static bool get(uint64_t *out, struct span *s, unsigned digits)
{
    uint64_t value = 0;
    int bad = 0;

    for (unsigned i = 0; i < digits; i++) {
        int digit = char_hex(s->p[i]);

        bad |= digit;
        value = value << 4 | ((unsigned)digit & 15);
    }
    *s = span_from(*s, digits);
    *out = value;
    return bad >= 0;
}

void label_put_tid(char dst[LABEL_TID], uint64_t flow, uint64_t chunk)
{
    put(put(dst, FLOW, flow), NUMBER, chunk);
}

void label_put_id(char dst[LABEL_ID], const char run[LABEL_RUN],
                  const struct label *l)
{
    memcpy(dst, run, LABEL_RUN);
    dst = put(dst + LABEL_RUN, FLOW, l->flow);
    put(put(dst, NUMBER, l->number), TIME, l->time_ns);
}

bool label_get_tid(struct label *out, struct span tid)
{
    out->time_ns = 0;
    return tid.n == LABEL_TID && get(&out->flow, &tid, FLOW) &&
           get(&out->number, &tid, NUMBER);
}

bool label_get_id(struct label *out, const char run[LABEL_RUN], struct span id)
{
    if (id.n != LABEL_ID || memcmp(id.p, run, LABEL_RUN) != 0)
        return false;
    id = span_from(id, LABEL_RUN);
    return get(&out->flow, &id, FLOW) && get(&out->number, &id, NUMBER) &&
           get(&out->time_ns, &id, TIME);
}
