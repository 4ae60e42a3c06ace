#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What systemd says of the units. Where it is not installed, each line is a
# section, a comment or a setting, and each timer has its service.
. "$(dirname "$0")/../lib/check.sh"
cd "$root" || exit 1

units=(packaging/systemd/*.service packaging/systemd/*.timer)

# Its complaints that the program is not installed are not about the unit.
verify() {
	mkdir -p "$tmp/units"
	for unit in "${units[@]}"; do
		sed "s|^ExecStart=/usr/bin/pagewarden|ExecStart=$(command -v true)|
			s|^ExecReload=/usr/bin/pagewarden|ExecReload=$(command -v true)|" "$unit" >"$tmp/units/${unit##*/}"
	done
	SYSTEMD_UNIT_PATH="$tmp/units:" systemd-analyze verify --man=no "$tmp/units/"* >"$tmp/said" 2>&1
	grep -F "$tmp/units/" "$tmp/said"
}

strange_lines() {
	grep -nvE '^(\[[A-Z][A-Za-z]+\]|[A-Z][A-Za-z]+=.*|#.*|)$' "${units[@]}"
}

if command -v systemd-analyze >/dev/null; then
	check 'systemd verifies the units' test -z "$(verify)"
	sed 's/^/# /' "$tmp/said"
	# A unit that is wrong is found.
	sed 's/^OnCalendar=.*/OnCalendar=every other full moon/' packaging/systemd/pagewarden-report.timer \
		>"$tmp/units/pagewarden-report.timer"
	SYSTEMD_UNIT_PATH="$tmp/units:" systemd-analyze verify --man=no "$tmp/units/pagewarden-report.timer" \
		>"$tmp/said" 2>&1
	check 'and would say if they were wrong' grep -q 'full moon' "$tmp/said"
else
	skip 'systemd verifies the units' 'systemd-analyze is not installed'
fi
check 'each line is a section, a comment or a setting' test -z "$(strange_lines)"
for timer in packaging/systemd/*.timer; do
	check "${timer##*/} has its service" test -f "${timer%.timer}.service"
done

# The options in the units are options of the program.
while read -r unit option; do
	check "$unit: $option is known" grep -qe "$option" <("$pagewarden" report --help)
done < <(grep -o -- '--[a-z-]*' packaging/systemd/pagewarden-report.service | sort -u | sed 's/^/pagewarden-report.service /')
