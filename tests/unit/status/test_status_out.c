/* SPDX-License-Identifier: BSD-2-Clause */
#include "status_out.h"

#include "cmocka_all.h"
#include "err.h"
#include "json_check.h"
#include "oom.h"

static const struct status_field uptime = {"uptime_s", "Up", AS_SECONDS};
static const struct status_field now = {"now", "Now", AS_COUNT};
static const struct status_field load = {"load", "Load", AS_SHARE};
static const struct status_field name = {"name", "Name", AS_TEXT};
static const struct status_field columns[] = {
    {"name", "Name", AS_TEXT},
    {"port", "Port", AS_NUMBER},
    {"share", "Share", AS_SHARE},
};

/* What both forms are made of. */
static void write_all(struct status_out *o)
{
    status_u64(o, &uptime, 61);
    status_section_begin(o, "s", "Some");
    status_u64(o, &now, 1234);
    status_group_begin(o, "g", "Group");
    status_real(o, &load, 93.44);
    status_group_end(o);
    status_group_begin(o, "h", "Empty");
    status_group_end(o);
    status_text(o, &name, SPAN("<a b='1'>&\"\x01\xc3\xa9"));
    status_section_end(o);
    status_table_begin(o, "t", "Table", columns, 3);
    status_row_begin(o);
    status_text(o, NULL, SPAN("x"));
    status_u64(o, NULL, 2855);
    status_real(o, NULL, 12.34);
    status_row_end(o);
    status_row_begin(o);
    status_none(o);
    status_none(o);
    status_none(o);
    status_row_end(o);
    status_table_end(o);
    status_table_begin(o, "e", "Nothing", columns, 3);
    status_table_end(o);
}

static void json_is_plain_values(void **state)
{
    char room[1024];
    struct status_out o;
    struct json j;

    (void)state;
    json_init(&j, room, sizeof room);
    json_object_begin(&j, NULL);
    status_out_json(&o, &j);
    write_all(&o);
    json_object_end(&j);
    assert_true(json_check(json_text(&j)));
    assert_span_equal(
        json_text(&j),
        SPAN("{\"uptime_s\":61,\"s\":{\"now\":1234,\"g\":{\"load\":93.4},"
             "\"h\":{},\"name\":\"<a b='1'>&\\\"\\u0001\xc3\xa9\"},"
             "\"t\":[{\"name\":\"x\",\"port\":2855,\"share\":12.3},"
             "{\"name\":null,\"port\":null,\"share\":null}],\"e\":[]}"));
}

static void html_says_where_each_value_is_in_json(void **state)
{
    static const char want[] =
        "<span data-at=\"uptime_s\" data-as=\"seconds\">1 min 1 s</span>"
        "<section class=\"card s\" aria-labelledby=\"t-s\">\n"
        "<h2 id=\"t-s\">Some</h2>\n"
        "<dl>\n<div><dt>Now</dt><dd data-at=\"s.now\" data-as=\"count\">"
        "1,234</dd></div>\n</dl>\n"
        "<h3>Group</h3>\n"
        "<dl>\n<div><dt>Load</dt><dd data-at=\"s.g.load\" data-as=\"share\" "
        "class=\"bad\"><svg class=\"bar\" aria-hidden=\"true\"><rect "
        "width=\"93%\" height=\"100%\"/></svg>93 %</dd></div>\n</dl>\n"
        "<h3>Empty</h3>\n"
        "<dl>\n<div><dt>Name</dt><dd data-at=\"s.name\" data-as=\"text\">"
        "&#60;a b=&#39;1&#39;&#62;&#38;&#34;&#65533;\xc3\xa9</dd></div>\n"
        "</dl>\n</section>\n"
        "<section class=\"card t\" aria-labelledby=\"t-t\">\n"
        "<h2 id=\"t-t\">Table</h2>\n"
        "<div class=\"wide\"><table data-rows=\"t\" aria-labelledby=\"t-t\">\n"
        "<thead><tr><th scope=\"col\" data-name=\"name\" data-as=\"text\">Name"
        "</th><th scope=\"col\" data-name=\"port\" data-as=\"number\">Port"
        "</th><th scope=\"col\" data-name=\"share\" data-as=\"share\">Share"
        "</th></tr></thead>\n"
        "<tbody><tr><td data-as=\"text\">x</td>"
        "<td data-as=\"number\">2855</td>"
        "<td data-as=\"share\"><svg class=\"bar\" aria-hidden=\"true\"><rect "
        "width=\"12%\" height=\"100%\"/></svg>12 %</td></tr>"
        "<tr><td data-as=\"text\">&ndash;</td>"
        "<td data-as=\"number\">&ndash;</td>"
        "<td data-as=\"share\">&ndash;</td></tr></tbody>\n"
        "</table></div></section>\n";
    struct status_out o;
    struct text t;

    (void)state;
    text_init(&t, 65536);
    status_out_html(&o, &t);
    write_all(&o);
    assert_int_equal(t.err, 0);
    assert_true(t.n > sizeof want);
    assert_span_equal(span_of(t.p, sizeof want - 1), span_str(want));
    text_fini(&t);
}

static void no_octet_is_markup(void **state)
{
    struct text t;
    char all[256];

    (void)state;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    text_init(&t, 65536);
    status_escape(&t, span_of(all, sizeof all));
    for (size_t i = 0; i < t.n; i++) {
        assert_true((unsigned char)t.p[i] >= ' ' && t.p[i] != 0x7f);
        assert_null(strchr("<>\"'", t.p[i]));
        if (t.p[i] == '&')
            assert_int_equal(t.p[i + 1], '#');
    }
    text_fini(&t);
}

static int write_html(void *ctx)
{
    struct status_out o;
    struct text t;
    int err;

    (void)ctx;
    text_init(&t, 65536);
    status_out_html(&o, &t);
    write_all(&o);
    err = t.err;
    text_fini(&t);
    return err;
}

static void a_failed_allocation_is_an_error_at_the_end(void **state)
{
    (void)state;
    assert_true(oom_sweep(write_html, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_plain_values),
        cmocka_unit_test(html_says_where_each_value_is_in_json),
        cmocka_unit_test(no_octet_is_markup),
        cmocka_unit_test(a_failed_allocation_is_an_error_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
