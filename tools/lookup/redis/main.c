/* SPDX-License-Identifier: BSD-2-Clause */
/* msrprelay-lookup-redis - users of the relay in a Redis: see
 * msrprelay-lookup-redis(8). */
#include "redis_store.h"
#include "run.h"

int main(int argc, char **argv)
{
    struct redis_options o = {.key = NULL};
    const struct run_program program = {redis_usage, redis_store_start,
                                        redis_store_stop};

    return (int)run(&program, &o.common, argc, argv);
}
