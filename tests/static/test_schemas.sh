#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The committed JSON schemas are those that the columns give, and they are schemas.
. "$(dirname "$0")/../lib/check.sh"

mkdir "$tmp/schema"
check 'the schemas are generated' "$build/tests/tools/schema" "$tmp/schema"
cp "$root/docs/schema/README.md" "$tmp/schema/"
check 'docs/schema/ is what the columns give (else: make schemas)' diff -ru "$root/docs/schema" "$tmp/schema"

printf '{"schema":"pagewarden.doctor","schema_version":1,"host":"h","kernel":"k","uid":0,"verdict":"v","checks":[]}\n' >"$tmp/good"
printf '{"schema":"pagewarden.doctor","schema_version":1,"host":"h","kernel":"k","uid":-1,"verdict":"v","checks":[]}\n' >"$tmp/negative"
printf '{"schema":"pagewarden.doctor","schema_version":1,"host":"h","kernel":"k","uid":0,"verdict":"v","checks":[],"more":1}\n' >"$tmp/more"
printf '{"schema":"pagewarden.doctor","schema_version":1,"host":"h","host":"h","kernel":"k","uid":0,"verdict":"v","checks":[]}\n' >"$tmp/twice"
printf '{"schema":"pagewarden.nothing","schema_version":1}\n' >"$tmp/unknown"
check 'a document that matches is accepted' "$root/tests/lib/validate.py" "$root/docs/schema" "$tmp/good"
while read -r bad why; do
	check_fails "a document that does not match is refused: $bad" 1 \
		"$root/tests/lib/validate.py" "$root/docs/schema" "$tmp/$bad"
	check_matches "... because of $why" "$tmp/err" "$why"
done <<'END'
negative -1 is less than the minimum
more 'more' was unexpected
twice stands twice
unknown no schema for
END
