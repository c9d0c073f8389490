/* SPDX-License-Identifier: BSD-2-Clause */
#include "history.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "status_value.h"

static const struct {
    const char *name;
    bool is_counter;
} all[HISTORY_SERIES] = {
#define HISTORY_ROW(id, text, counter) {text, counter},
    HISTORY_SERIES_LIST(HISTORY_ROW)
#undef HISTORY_ROW
};

const char *history_name(enum history_series series)
{
    return all[series].name;
}

static double rate(uint64_t from, uint64_t to, uint64_t ms)
{
    return to > from ? status_rounded((double)(to - from) * 1000 / (double)ms)
                     : 0;
}

void history_add(struct history *h, const struct history_sample *sample)
{
    uint64_t ms = sample->at_ms - h->last.at_ms;
    double *point = h->points[h->next];

    if (h->samples > 0 && ms == 0)
        return;
    if (h->samples++ > 0) {
        for (size_t i = 0; i < HISTORY_SERIES; i++)
            point[i] = all[i].is_counter
                           ? rate(h->last.value[i], sample->value[i], ms)
                           : (double)sample->value[i];
        h->next = (h->next + 1) % HISTORY_POINTS;
        if (h->n < HISTORY_POINTS)
            h->n++;
    }
    h->last = *sample;
}

double history_at(const struct history *h, enum history_series series, size_t i)
{
    assert(i < h->n);
    return h->points[(h->next + HISTORY_POINTS - h->n + i) % HISTORY_POINTS]
                    [series];
}

double history_now(const struct history *h, enum history_series series)
{
    return h->n ? history_at(h, series, h->n - 1) : 0;
}

double history_peak(const struct history *h, enum history_series series)
{
    double peak = 0;

    for (size_t i = 0; i < h->n; i++)
        peak = fmax(peak, history_at(h, series, i));
    return peak;
}
