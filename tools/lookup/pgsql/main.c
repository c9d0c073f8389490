/* SPDX-License-Identifier: BSD-2-Clause */
/* msrprelay-lookup-pgsql - users of the relay in a PostgreSQL: see
 * msrprelay-lookup-pgsql(8). */
#include "pgsql_store.h"
#include "run.h"

int main(int argc, char **argv)
{
    struct pgsql_options o = {.query = {NULL}};
    const struct run_program program = {pgsql_usage, pgsql_store_start,
                                        pgsql_store_stop};

    return (int)run(&program, &o.common, argc, argv);
}
