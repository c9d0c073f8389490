/* SPDX-License-Identifier: BSD-2-Clause */
#include "config_loaded.h"

#include <stdlib.h>

void config_loaded_free(struct config_loaded *l, const struct users *in_use)
{
    config_free(l->config);
    tls_ctx_unref(l->tls);
    secrets_free(l->secrets);
    words_fini(&l->lookup);
    if (l->users != in_use)
        users_free(l->users);
    free(l->warnings);
    *l = (struct config_loaded){0};
}
