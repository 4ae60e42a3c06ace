#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install puts every file where it belongs, and make uninstall takes it away.
. "$(dirname "$0")/../lib/check.sh"

into=$tmp/into
make_here() { make -C "$root" --no-print-directory BUILD="$build" DESTDIR="$into" "$@"; }

check 'make install' make_here install
for f in usr/bin/pagewarden usr/share/man/man1/pagewarden.1 \
	usr/share/bash-completion/completions/pagewarden \
	usr/lib/systemd/system/pagewarden.service usr/lib/systemd/system/pagewarden-report.service \
	usr/lib/systemd/system/pagewarden-report.timer usr/lib/sysusers.d/pagewarden.conf \
	usr/include/pagewarden.h usr/lib/libpagewarden.so usr/lib/libpagewarden.so.0 usr/lib/libpagewarden.a \
	usr/lib/pkgconfig/pagewarden.pc usr/lib/python3/dist-packages/pagewarden/__init__.py \
	etc/pagewarden/pagewarden.conf usr/share/doc/pagewarden/LICENSE \
	usr/lib/udev/rules.d/60-pagewarden.rules \
	usr/share/doc/pagewarden/schema/pagewarden.processes.v1.schema.json; do
	check "$f is there" test -s "$into/$f"
done
for page in "$root"/packaging/man/*.[1-8]; do
	check "$(basename "$page") is there" \
		test -s "$into/usr/share/man/man${page##*.}/$(basename "$page")"
done
check 'what was installed runs' "$into/usr/bin/pagewarden" --version
check 'nobody else may write what was installed' \
	test -z "$(find "$into" -type f -perm /022)"
check 'only the program is executable' \
	test "$(find "$into" -type f -perm /111)" = "$into/usr/bin/pagewarden"
# ExecStart names the file that was installed.
for unit in pagewarden pagewarden-report; do
	start=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$into/usr/lib/systemd/system/$unit.service")
	check "$unit.service starts what was installed" test -x "$into$start"
done

echo '# changed' >>"$into/etc/pagewarden/pagewarden.conf"
check 'a second make install' make_here install
check_matches 'it keeps a changed configuration' "$into/etc/pagewarden/pagewarden.conf" '^# changed'

check 'make uninstall' make_here uninstall
left=$(find "$into" -type f)
check 'it leaves the configuration alone' test "$left" = "$into/etc/pagewarden/pagewarden.conf"

rm -rf "$into"
check 'another prefix' make_here install PREFIX=/opt/pw SYSCONFDIR=/opt/pw/etc
check 'nothing is outside it' test -z "$(find "$into" -type f ! -path "$into/opt/pw/*")"
check 'the program is below it' test -x "$into/opt/pw/bin/pagewarden"
