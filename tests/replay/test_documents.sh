#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every document of every trace matches its schema, and the HTML report of a
# trace is the same page each time, whatever names the trace holds.
. "$(dirname "$0")/../lib/check.sh"

cat >"$tmp/balanced.py" <<'END'
import html.parser, sys
class Balance(html.parser.HTMLParser):
    VOID = {"meta", "line", "rect", "polyline", "polygon"}
    open_tags = []
    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), "an attribute twice: %s" % attributes
        if tag not in self.VOID:
            self.open_tags.append(tag)
    def handle_startendtag(self, tag, attributes):
        pass
    def handle_endtag(self, tag):
        assert self.open_tags and self.open_tags.pop() == tag, "</%s> at line %d" % (tag, self.getpos()[0])
page = Balance()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
assert not page.open_tags, page.open_tags
END

check 'a history is made' "$build/tests/replay/make_history" day "$tmp/day.db"
period() { "$pagewarden" report --since 24h --until 2023-11-15T23:20:00Z --history "$tmp/day.db" "$@"; }
period -f json >"$tmp/period.json"
check 'period: the document matches its schema' "$root/tests/lib/validate.py" "$root/docs/schema" "$tmp/period.json"
check 'period: a page' period -f html -o "$tmp/page.html"
check 'period: the page again' period -f html -o "$tmp/again.html"
check 'period: is the same page' cmp "$tmp/page.html" "$tmp/again.html"
check_fails 'period: no name becomes a tag' 1 grep -iE '<(script|img|iframe|object|link|base|form|a) ?' "$tmp/page.html"
check 'period: its tags are balanced' /usr/bin/python3 "$tmp/balanced.py" "$tmp/page.html"
rm "$tmp/period.json"

for trace in zoo odd pool proc wipes; do
	check "the trace $trace is made" "$build/tests/replay/make_trace" "$trace" "$tmp/$trace.pwr"
	for view in processes groups segments events machine; do
		"$pagewarden" replay "$tmp/$trace.pwr" --view "$view" --dead -f json >"$tmp/$view.json"
	done
	"$pagewarden" replay "$tmp/$trace.pwr" --interval 2m -f json >"$tmp/along.json"
	for command in report wipes secrets; do
		"$pagewarden" "$command" --replay "$tmp/$trace.pwr" -f json >"$tmp/$command.json"
	done
	check "$trace: the documents match their schemas" \
		"$root/tests/lib/validate.py" "$root/docs/schema" "$tmp"/*.json
	check_between "$trace: and none is missing" "$(cat "$tmp/out")" 9 100000
	rm "$tmp"/*.json

	check "$trace: a page" "$pagewarden" report --replay "$tmp/$trace.pwr" -f html -o "$tmp/page.html"
	check "$trace: the page again" "$pagewarden" report --replay "$tmp/$trace.pwr" -f html -o "$tmp/again.html"
	check "$trace: is the same page" cmp "$tmp/page.html" "$tmp/again.html"
	check_fails "$trace: no name becomes a tag" 1 grep -iE '<(script|img|iframe|object|link|base|form|a) ?' "$tmp/page.html"
	check "$trace: it is valid UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null "$tmp/page.html"
	check "$trace: its tags are balanced" /usr/bin/python3 "$tmp/balanced.py" "$tmp/page.html"
done
