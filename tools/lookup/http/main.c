/* SPDX-License-Identifier: BSD-2-Clause */
/* msrprelay-lookup-http - users of the relay at a web service: see
 * msrprelay-lookup-http(8). */
#include "http_store.h"
#include "run.h"

int main(int argc, char **argv)
{
    struct http_options o = {.post = NULL};
    const struct run_program program = {http_usage, http_store_start,
                                        http_store_stop};

    return (int)run(&program, &o.common, argc, argv);
}
