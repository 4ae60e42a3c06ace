// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/html.h"

#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/view/emitter.h"
#include "user/view/html_chart.h"

#define TABLE_COLUMNS_MAX 32

static const char style[] =
	":root{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--ink:#1b2330;--soft:#5d6878;"
	"--rule:#e1e5ea;--grid:#e8ebef;--stripe:#f8f9fb;--accent:#2f66d0;--bad:#c23b2e;--warn:#8a5700;--good:#2b9463;"
	"--anon:#2f66d0;--shmem:#d18e1c;--swap:#c23b2e;--file:#9fb0c3;"
	"--c0:#2f66d0;--c1:#d1741c;--c2:#2b9463;--c3:#a8479b;--c4:#b79a13;--c5:#5f6f85}\n"
	"@media screen and (prefers-color-scheme:dark){:root{--page:#12161c;--card:#1a2028;--ink:#e4e9f0;"
	"--soft:#93a0b2;--rule:#2b3440;--grid:#28303b;--stripe:#1e2530;--accent:#6f9cf2;"
	"--bad:#f0776b;--warn:#e3ac4b;--good:#5cc394;--anon:#6f9cf2;--shmem:#e3ac4b;--swap:#f0776b;--file:#566779;"
	"--c0:#6f9cf2;--c1:#f0a058;--c2:#5cc394;--c3:#d587ca;--c4:#d9c04e;--c5:#93a0b2}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--page);color:var(--ink);"
	"font:14px/1.45 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",sans-serif}\n"
	"main{max-width:1180px;margin:0 auto;padding:28px 20px 40px}\n"
	"h1{font-size:24px;margin:0 0 2px;letter-spacing:-.01em}\n"
	"h2{font-size:16px;margin:0 0 2px}\n"
	"p{margin:0 0 10px}.soft{color:var(--soft)}.bad{color:var(--bad)}\n"
	"section{background:var(--card);border:1px solid var(--rule);border-radius:10px;"
	"padding:16px 18px;margin:16px 0;overflow-x:auto}\n"
	".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(138px,1fr));gap:12px;"
	"margin:18px 0}\n"
	".card{background:var(--card);border:1px solid var(--rule);border-radius:10px;"
	"padding:12px 14px}\n"
	".card b{display:block;font-size:22px;font-weight:650;letter-spacing:-.01em;"
	"font-variant-numeric:tabular-nums}\n"
	".card span{color:var(--soft);font-size:12.5px;display:block}\n"
	"meter{width:100%;height:9px;margin-top:4px}\n"
	"table{border-collapse:collapse;width:100%;font-size:13px;"
	"font-variant-numeric:tabular-nums}\n"
	"th{font-weight:600;color:var(--soft);font-size:12px;text-align:left;white-space:nowrap;"
	"border-bottom:1px solid var(--rule);padding:5px 8px}\n"
	"td{padding:4px 8px;border-bottom:1px solid var(--grid);white-space:nowrap}\n"
	"tbody tr:nth-child(even){background:var(--stripe)}\n"
	"tbody tr:last-child td{border-bottom:0}\n"
	".n{text-align:right}\n"
	".t{max-width:340px;overflow:hidden;text-overflow:ellipsis}\n"
	".w{white-space:normal}\n"
	".chart{display:block;width:100%;height:auto}\n"
	".chart text{fill:var(--soft);font-size:11px;font-variant-numeric:tabular-nums}\n"
	".grid{stroke:var(--grid)}.axis{stroke:var(--rule);stroke-width:1.5}\n"
	".mark{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:4 3}\n"
	".line{fill:none;stroke-width:1.8;stroke-linejoin:round}\n"
	".area{fill:var(--accent);opacity:.16}.gap{fill:var(--grid);opacity:.75}\n"
	".line.c0{stroke:var(--c0)}.line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}"
	".line.c3{stroke:var(--c3)}.line.c4{stroke:var(--c4)}.line.c5{stroke:var(--c5)}\n"
	".dot{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:6px}\n"
	".dot.c0{background:var(--c0)}.dot.c1{background:var(--c1)}.dot.c2{background:var(--c2)}"
	".dot.c3{background:var(--c3)}.dot.c4{background:var(--c4)}.dot.c5{background:var(--c5)}\n"
	".dot.anon{background:var(--anon)}.dot.shmem{background:var(--shmem)}"
	".dot.swap{background:var(--swap)}.dot.file{background:var(--file)}\n"
	".legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:6px 0 0;"
	"padding:0;font-size:12.5px}\n"
	".kinds{width:170px;height:11px;display:block}\n"
	".anon{fill:var(--anon)}.shmem{fill:var(--shmem)}.swap{fill:var(--swap)}"
	".file{fill:var(--file)}\n"
	".spark{width:90px;height:18px;display:block}\n"
	".spark polyline{fill:none;stroke:var(--accent);stroke-width:1.5;"
	"vector-effect:non-scaling-stroke}\n"
	".lead{font-size:17px;line-height:1.4;margin:14px 0 10px;padding:12px 16px;"
	"border-radius:10px;border:1px solid var(--rule);border-left:5px solid var(--good);"
	"background:var(--card)}.lead.warn{border-left-color:var(--warn)}"
	".lead.bad{border-left-color:var(--bad)}.lead,.findings li{color:var(--ink)}\n"
	".findings{list-style:none;margin:0 0 16px;padding:0}"
	".findings li{padding:3px 0 3px 62px;text-indent:-62px;overflow-wrap:anywhere}"
	".findings b{display:inline-block;width:50px;margin-right:12px;text-indent:0;font-size:11px;"
	"text-align:center;border-radius:5px;padding:1px 0;border:1px solid currentColor}"
	".findings .bad b{color:var(--bad)}.findings .warn b{color:var(--warn)}"
	".findings .note b{color:var(--soft)}\n"
	"details{margin-top:8px;font-size:13px}summary{cursor:pointer;color:var(--soft)}\n"
	"footer{color:var(--soft);font-size:12.5px;margin-top:18px}\n"
	"@media print{@page{margin:12mm}:root{color-scheme:light}body{background:#fff;font-size:10px}"
	"main{max-width:none;padding:0}h1{font-size:18px}h2{font-size:13px}"
	"h2,p,section .legend{break-after:avoid}"
	"section,.card{break-inside:avoid;border-color:#ccc}section{padding:8px 10px;margin:8px 0;"
	"overflow:visible}section:has(>table){break-inside:auto}tr{break-inside:avoid}"
	"thead{display:table-header-group}table{font-size:8.5px}th{font-size:8px}"
	"td,th{padding:2px 4px}.t{max-width:130px}.kinds{width:90px;height:8px}"
	".spark{width:60px;height:11px}.chart{width:82%;margin:0 auto}"
	".cards{grid-template-columns:repeat(auto-fit,minmax(84px,1fr));gap:6px;margin:8px 0}.card{padding:6px 8px}"
	".lead{font-size:12px;padding:6px 10px;margin:6px 0}.findings{margin-bottom:6px}"
	".findings li{padding:1px 0 1px 48px;text-indent:-48px}"
	".findings b{font-size:8px;width:38px;margin-right:10px}"
	"details{display:none}"
	".card b{font-size:15px}.card span{font-size:9px}.legend{font-size:9px}}\n";

void pw_html_text(FILE *out, const char *bytes, size_t len)
{
	pw_auto_free char *text = malloc(4 * len + 1);

	if (!text)
		return;
	pw_text_escape(text, 4 * len + 1, bytes, len);
	for (const char *p = text; *p; p++) {
		switch (*p) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			putc(*p, out);
		}
	}
}

void pw_html_string(FILE *out, const char *bytes)
{
	pw_html_text(out, bytes, strlen(bytes));
}

void pw_html_begin(FILE *out, const char *title)
{
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"generator\" content=\"pagewarden " PW_VERSION "\">\n<title>",
	      out);
	pw_html_string(out, title);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", style);
}

void pw_html_end(FILE *out)
{
	fputs("</main>\n</body>\n</html>\n", out);
}

/* ---- tables ---- */

struct html_table {
	const struct pw_table *table;
	const struct pw_column *columns[TABLE_COLUMNS_MAX];
	size_t column_count;
	const struct pw_column *kinds[PW_CHART_KINDS];
	bool has_kinds;
	uint64_t longest;
};

static void kinds_of(const struct html_table *h, const void *row, uint64_t bytes[PW_CHART_KINDS])
{
	for (size_t i = 0; i < PW_CHART_KINDS; i++) {
		struct pw_value v;

		h->kinds[i]->get(h->table->ctx, row, &v);
		bytes[i] = v.known ? v.u : 0;
	}
}

static void find_kinds(struct html_table *h)
{
	static const char *const names[PW_CHART_KINDS] = { "rss_anon_bytes", "rss_shmem_bytes",
							   "swap_bytes", "rss_file_bytes" };

	for (size_t i = 0; i < h->column_count; i++)
		h->has_kinds |= strcmp(h->columns[i]->name, names[0]) == 0;
	for (size_t i = 0; h->has_kinds && i < PW_CHART_KINDS; i++) {
		h->kinds[i] = pw_column_find(h->table->columns, names[i]);
		h->has_kinds = h->has_kinds && h->kinds[i];
	}
	for (size_t r = 0; h->has_kinds && r < h->table->count; r++) {
		uint64_t bytes[PW_CHART_KINDS], sum = 0;

		kinds_of(h, h->table->rows[r], bytes);
		for (size_t i = 0; i < PW_CHART_KINDS; i++)
			sum += bytes[i];
		h->longest = sum > h->longest ? sum : h->longest;
	}
	h->has_kinds = h->has_kinds && h->longest;
}

/* To the second; whoever rests the pointer on it sees the rest. */
static void put_time(FILE *out, uint64_t realtime_ns)
{
	char time[PW_RFC3339_LEN];

	pw_clock_rfc3339(realtime_ns, time);
	fprintf(out, "<td title=\"%s\">%.10s %.8s", time, time, time + 11);
}

static void put_cell(FILE *out, const struct html_table *h, const struct pw_column *c, const void *row)
{
	bool number = pw_emit_right_aligned(c->unit);
	char text[256];
	struct pw_value v;

	c->get(h->table->ctx, row, &v);
	if (v.known && c->unit == PW_UNIT_TEXT) {
		/* long texts of many rows are cut to keep the table's shape; prose wraps */
		fputs(c->width >= 60 ? "<td class=\"w\">" : "<td class=\"t\" title=\"", out);
		if (c->width < 60) {
			pw_html_text(out, v.text.bytes, v.text.len);
			fputs("\">", out);
		}
		pw_html_text(out, v.text.bytes, v.text.len);
	} else if (v.known && c->unit == PW_UNIT_SPARK) {
		fputs("<td>", out);
		pw_chart_spark(&v, out);
	} else if (v.known && c->unit == PW_UNIT_TIME) {
		put_time(out, v.u);
	} else {
		pw_emit_cell(c, &v, 0, false, text, sizeof(text));
		fprintf(out, "<td%s>%s", number ? " class=\"n\"" : "", v.known ? text : "–");
	}
	fputs("</td>", out);
}

static void put_head(FILE *out, const struct html_table *h)
{
	fputs("<table>\n<thead><tr>", out);
	if (h->has_kinds)
		fputs("<th scope=\"col\">BY KIND</th>", out);
	for (size_t i = 0; i < h->column_count; i++) {
		const struct pw_column *c = h->columns[i];

		fprintf(out, "<th scope=\"col\"%s title=\"",
			pw_emit_right_aligned(c->unit) ? " class=\"n\"" : "");
		pw_html_string(out, c->help);
		fputs("\">", out);
		pw_html_string(out, c->title);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
}

static void put_row(FILE *out, const struct html_table *h, const void *row)
{
	fputs("<tr>", out);
	if (h->has_kinds) {
		uint64_t bytes[PW_CHART_KINDS];

		kinds_of(h, row, bytes);
		fputs("<td>", out);
		pw_chart_kinds(bytes, h->longest, out);
		fputs("</td>", out);
	}
	for (size_t i = 0; i < h->column_count; i++)
		put_cell(out, h, h->columns[i], row);
	fputs("</tr>\n", out);
}

void pw_html_rows(FILE *out, const struct pw_table *t)
{
	struct html_table h = { .table = t };

	h.column_count = pw_emit_shown(t, NULL, h.columns, TABLE_COLUMNS_MAX);
	find_kinds(&h);
	if (h.has_kinds)
		fputs("<ul class=\"legend\"><li><span class=\"dot anon\"></span>anonymous</li>"
		      "<li><span class=\"dot shmem\"></span>shared</li>"
		      "<li><span class=\"dot swap\"></span>swapped</li>"
		      "<li><span class=\"dot file\"></span>file</li></ul>\n",
		      out);
	put_head(out, &h);
	for (size_t i = 0; i < t->count; i++)
		put_row(out, &h, t->rows[i]);
	fputs("</tbody>\n</table>\n", out);
}

void pw_html_table(FILE *out, const struct pw_table *t, const char *about, const char *empty)
{
	fprintf(out, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">",
		t->name, t->name, t->name);
	pw_html_string(out, t->title);
	fputs("</h2>\n<p class=\"soft\">", out);
	pw_html_string(out, t->count ? about : empty);
	fputs("</p>\n", out);
	if (t->count)
		pw_html_rows(out, t);
	fputs("</section>\n", out);
}
