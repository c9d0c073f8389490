/* SPDX-License-Identifier: BSD-2-Clause */
/* msrprelay-lookup-mysql - users of the relay in a MariaDB or MySQL: see
 * msrprelay-lookup-mysql(8). */
#include "mysql_store.h"
#include "run.h"

int main(int argc, char **argv)
{
    struct mysql_options o = {.query = {NULL}};
    const struct run_program program = {mysql_usage, mysql_store_start,
                                        mysql_store_stop};

    return (int)run(&program, &o.common, argc, argv);
}
