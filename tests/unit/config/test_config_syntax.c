/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told of texts that libconfig cannot read; config_load() asks for
 * it. */
#include "config_syntax.h"

#include "cmocka_all.h"
#include "parsed.h"

/* At a syntax error libconfig 1.5 loses the string that it has at hand
 * (docs/adr/0002-libconfig.md). */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

static void what_was_seen_is_told(void **state)
{
    (void)state;
    parsed_bad("a = 1;\nb = = 2;\n",
               "test.conf:2: syntax error: expected a value, not \"=\"\n");
    parsed_bad("relay { }\n",
               "test.conf:1: syntax error: expected = or : after the name of a "
               "setting, not \"{\"\n");
    parsed_bad("a = 1;;\n",
               "test.conf:1: syntax error: expected the name of a setting, not "
               "\";\"\n");
    parsed_bad("a = 1;\n};\n",
               "test.conf:2: syntax error: expected the name of a setting, not "
               "\"}\"\n");
    parsed_bad("a = 1 2;\n",
               "test.conf:1: syntax error: expected ; or the next setting, not "
               "\"2\"\n");
    parsed_bad("a = \"x\" 2;\n",
               "test.conf:1: syntax error: expected ; or the next setting, not "
               "\"2\"\n");
    parsed_bad("/* a\n# */ a = // 1\n\"b\" \"c\" $\n",
               "test.conf:3: syntax error: expected ; or the next setting, not "
               "\"$\"\n");
    parsed_bad("a =\n", "test.conf:1: syntax error: expected a value, not the "
                        "end of the file\n");
}

static void strings_without_quotes_are_told(void **state)
{
    (void)state;
    parsed_bad("relay: { name = relay.example.com; };\n",
               "test.conf:1: syntax error: expected a value; a string needs "
               "quotes: \"relay.example.com\"\n");
    parsed_bad("a = yes\n",
               "test.conf:1: syntax error: expected a value; a string needs "
               "quotes: \"yes\"\n");
    parsed_bad("a = 127.0.0.1;\n",
               "test.conf:1: syntax error: expected ; or the next setting, not "
               "\".0\"\n");
}

static void quotes_that_are_not_closed_are_told(void **state)
{
    (void)state;
    parsed_bad("a = 1;\nb = \"c;\nd = 2;\n",
               "test.conf:2: syntax error: the string has no closing quote\n");
    parsed_bad("a = \"b;\nc = \"d\";\n",
               "test.conf:2: syntax error: the string has no closing quote; is "
               "the quote in test.conf:1 closed?\n");
    parsed_bad("a = \"b;\nc = \"d\";\ne = \"f\";\n",
               "test.conf:2: syntax error: expected = or : after the name of a "
               "setting, not \";\\x0ae = \"; is the quote in test.conf:1 "
               "closed?\n");
}

static void brackets_that_are_not_closed_are_told(void **state)
{
    (void)state;
    parsed_bad("\nrelay: { user = \"a\";\na = (\n{ b = [ 1, 2 ]; } );\n",
               "test.conf:4: syntax error: expected the name of a setting or "
               "}, not the end of the file; test.conf:2 opens the {\n");
    parsed_bad("listen = (\n{ port = 1; }\n{ port = 2; } );\n",
               "test.conf:3: syntax error: expected , or ), not \"{\"; "
               "test.conf:1 opens the (\n");
    parsed_bad("listen = ( { port = 1; ) );\n",
               "test.conf:1: syntax error: expected the name of a setting or "
               "}, not \")\"; test.conf:1 opens the {\n");
    parsed_bad("a = [ 1,\n2 };\n",
               "test.conf:2: syntax error: expected , or ], not \"}\"; "
               "test.conf:1 opens the [\n");
    parsed_bad("a = [ { } ];\n",
               "test.conf:1: syntax error: expected a value, not \"{\"; "
               "test.conf:1 opens the [\n");
}

static void keys_that_are_there_twice_are_named(void **state)
{
    (void)state;
    parsed_bad(LISTEN LISTEN, "test.conf:2: duplicate key listen: test.conf:1 "
                              "has it already\n");
    parsed_bad("\n\nrelay: { user = \"a\";\nuser = \"b\"; };\n",
               "test.conf:4: duplicate key relay.user: test.conf:3 has it "
               "already\n");
    parsed_bad("a: { b: { c = 1; }; };\nc: { b = ( { d = 1; }, { e = 1;\n"
               "d = [ ]; e = ( ); } ); };\n",
               "test.conf:3: duplicate key c.b.e: test.conf:2 has it "
               "already\n");
}

/* What a mistake is not in the grammar is in libconfig's words. */
static void other_mistakes_are_libconfigs(void **state)
{
    (void)state;
    parsed_bad("auth: { algorithms = [ \"MD5\",\n1 ]; };\n",
               "test.conf:2: mismatched element type in array\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_seen_is_told),
        cmocka_unit_test(strings_without_quotes_are_told),
        cmocka_unit_test(quotes_that_are_not_closed_are_told),
        cmocka_unit_test(brackets_that_are_not_closed_are_told),
        cmocka_unit_test(keys_that_are_there_twice_are_named),
        cmocka_unit_test(other_mistakes_are_libconfigs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
