/* SPDX-License-Identifier: BSD-2-Clause */
#include "s_client.h"

#include <stdio.h>

#include "cmocka_all.h"

const char *s_client_run(struct scene *s, unsigned port, const char *arguments)
{
    enum { SAID_MAX = 65536 };
    static char said[SAID_MAX];
    const char *command = scene_text(s,
                                     "timeout 20 openssl s_client -connect "
                                     "127.0.0.1:%u -nameopt oneline "
                                     "</dev/null 2>&1 %s",
                                     port, arguments);
    FILE *f = popen(command, "re");
    size_t n;

    assert_non_null(f);
    n = fread(said, 1, sizeof said - 1, f);
    said[n] = '\0';
    (void)pclose(f); /* 1 when there is nothing to verify with */
    return scene_text(s, "%s", said);
}

const char *s_client_value(struct scene *s, const char *said, const char *key)
{
    const char *at = strstr(said, key);

    if (!at) {
        fail_msg("no \"%s\" in: %s", key, said);
        return "";
    }
    at += strlen(key);
    return scene_text(s, "%.*s", (int)strcspn(at, "\n"), at);
}
