/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl_show.h"

#include "cmocka_all.h"

/* Shows rows, each a JSON text and a line feed; what is written is
 * to be freed. */
static char *show(enum control_answer answer, bool json, const char *rows,
                  const struct ctl_end *end)
{
    struct span rest = span_str(rows);
    struct ctl_show s;
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);

    assert_non_null(to);
    ctl_show_begin(&s, to, answer, json);
    while (rest.n) {
        struct span line = span_cut(&rest, '\n');
        json_t *row = json_loadb(line.p, line.n, 0, NULL);

        assert_non_null(row);
        ctl_show_row(&s, row);
        json_decref(row);
    }
    ctl_show_end(&s, end);
    assert_int_equal(fclose(to), 0);
    return text;
}

static const struct ctl_end fine = {.ok = true};

static void assert_shows(enum control_answer answer, bool json,
                         const char *rows, const char *want)
{
    char *text = show(answer, json, rows, &fine);

    assert_string_equal(text, want);
    free(text);
}

/* --- for people ----------------------------------------------------------- */

static void one_row_is_a_list_of_fields(void **state)
{
    (void)state;
    assert_shows(CONTROL_ONE, false,
                 "{\"name\":\"relay\",\"age_s\":3700,\"memory_octets\":2048,"
                 "\"is_late\":false,\"n\":7,\"none\":null}\n",
                 "name           relay\n"
                 "age            1h01m\n"
                 "memory octets  2.0K\n"
                 "is late        no\n"
                 "n              7\n"
                 "none           -\n");
}

static void many_rows_are_a_table(void **state)
{
    (void)state;
    assert_shows(CONTROL_LIST, false,
                 "{\"user\":\"alice\",\"age_s\":5,\"state\":\"open\"}\n"
                 "{\"user\":\"\",\"age_s\":86400,\"state\":\"b\xc3\xb6se\"}\n",
                 "USER     AGE  STATE\n"
                 "alice     5s  open\n"
                 "-      1d00h  b\xc3\xb6se\n");
}

static void titles_say_units_that_values_do_not(void **state)
{
    (void)state;
    assert_shows(CONTROL_LIST, false,
                 "{\"in_octets\":2048,\"in_octets_per_s\":10,\"age_s\":5.5,"
                 "\"peers\":2}\n",
                 "IN OCTETS  IN OCTETS/S  AGE  PEERS\n"
                 "     2.0K           10   5s      2\n");
}

static void numbers_have_no_digits_that_are_noise(void **state)
{
    (void)state;
    assert_shows(
        CONTROL_LIST, true,
        "{\"a\":0.1,\"b\":1795990105.123,\"c\":12.000,\"d\":7}\n",
        "[\n {\"a\":0.1,\"b\":1795990105.123,\"c\":12.0,\"d\":7}\n]\n");
}

static void columns_count_characters(void **state)
{
    (void)state;
    assert_shows(CONTROL_LIST, false,
                 "{\"a\":\"b\xc3\xb6rje\",\"b\":1}\n{\"a\":\"x\",\"b\":10}\n",
                 "A       B\n"
                 "b\xc3\xb6rje   1\n"
                 "x      10\n");
}

static void what_a_peer_is_called_cannot_write_on_the_terminal(void **state)
{
    (void)state;
    assert_shows(CONTROL_LIST, false, "{\"user\":\"\\u001b[2J\\u009b\"}\n",
                 "USER\n?[2J?\n");
}

static void an_empty_list_shows_nothing(void **state)
{
    (void)state;
    assert_shows(CONTROL_LIST, false, "", "");
    assert_shows(CONTROL_FAULTS, false, "", "");
}

static void faults_look_as_in_a_check(void **state)
{
    (void)state;
    assert_shows(CONTROL_FAULTS, false,
                 "{\"file\":\"/etc/c\",\"line\":12,\"what\":\"is odd\"}\n",
                 "/etc/c:12: is odd\n");
}

static void an_answer_without_rows_says_ok(void **state)
{
    (void)state;
    assert_shows(CONTROL_ONE, false, "", "ok\n");
}

static void a_refusal_shows_nothing(void **state)
{
    static const struct ctl_end refused = {.error = "no"};
    char *text = show(CONTROL_ONE, false, "", &refused);

    (void)state;
    assert_string_equal(text, "");
    free(text);
}

static void a_long_table_has_one_head(void **state)
{
    enum { MANY = 3 * CTL_SHOW_ROWS + 7 };
    struct ctl_show s;
    size_t n, lines = 0;
    char *text = NULL;
    FILE *to = open_memstream(&text, &n);

    (void)state;
    assert_non_null(to);
    ctl_show_begin(&s, to, CONTROL_LIST, false);
    for (int i = 0; i < MANY; i++) {
        json_t *row = json_pack("{s:i}", "number", i);

        ctl_show_row(&s, row);
        json_decref(row);
    }
    ctl_show_end(&s, &fine);
    assert_int_equal(fclose(to), 0);
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    assert_int_equal(lines, MANY + 1);
    assert_int_equal(strncmp(text, "NUMBER\n     0\n     1\n", 21), 0);
    free(text);
}

static void more_fields_than_columns_are_left_out(void **state)
{
    struct ctl_show s;
    json_t *row = json_object();
    size_t n;
    char *text = NULL;
    FILE *to = open_memstream(&text, &n);

    (void)state;
    assert_non_null(to);
    for (int i = 0; i < CTL_SHOW_COLUMNS + 3; i++) {
        char key[8];

        snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(json_object_set_new(row, key, json_true()), 0);
    }
    ctl_show_begin(&s, to, CONTROL_LIST, false);
    ctl_show_row(&s, row);
    ctl_show_end(&s, &fine);
    assert_int_equal(fclose(to), 0);
    assert_non_null(strstr(text, "  K31\n"));
    assert_null(strstr(text, "K32"));
    json_decref(row);
    free(text);
}

/* --- for programs --------------------------------------------------------- */

static void a_list_is_an_array(void **state)
{
    (void)state;
    assert_shows(CONTROL_LIST, true, "{\"a\":1}\n{\"a\":2}\n",
                 "[\n {\"a\":1},\n {\"a\":2}\n]\n");
    assert_shows(CONTROL_LIST, true, "", "[]\n");
    assert_shows(CONTROL_FAULTS, true, "", "[]\n");
}

static void one_row_is_an_object(void **state)
{
    (void)state;
    assert_shows(CONTROL_ONE, true, "{\"a\":\"x\"}\n", "{\"a\":\"x\"}\n");
    assert_shows(CONTROL_ONE, true, "", "{\"ok\":true}\n");
}

static void a_refusal_is_an_object_too(void **state)
{
    static const struct ctl_end refused = {.error = "not \"now\""};
    char *text = show(CONTROL_ONE, true, "", &refused);

    (void)state;
    assert_string_equal(text, "{\"ok\":false,\"error\":\"not \\\"now\\\"\"}\n");
    free(text);
}

static void an_incomplete_list_is_a_document_all_the_same(void **state)
{
    char *text = show(CONTROL_LIST, true, "{\"a\":1}\n", NULL);

    (void)state;
    assert_string_equal(text, "[\n {\"a\":1}\n]\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row_is_a_list_of_fields),
        cmocka_unit_test(many_rows_are_a_table),
        cmocka_unit_test(titles_say_units_that_values_do_not),
        cmocka_unit_test(numbers_have_no_digits_that_are_noise),
        cmocka_unit_test(columns_count_characters),
        cmocka_unit_test(what_a_peer_is_called_cannot_write_on_the_terminal),
        cmocka_unit_test(an_empty_list_shows_nothing),
        cmocka_unit_test(faults_look_as_in_a_check),
        cmocka_unit_test(an_answer_without_rows_says_ok),
        cmocka_unit_test(a_refusal_shows_nothing),
        cmocka_unit_test(a_long_table_has_one_head),
        cmocka_unit_test(more_fields_than_columns_are_left_out),
        cmocka_unit_test(a_list_is_an_array),
        cmocka_unit_test(one_row_is_an_object),
        cmocka_unit_test(a_refusal_is_an_object_too),
        cmocka_unit_test(an_incomplete_list_is_a_document_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
