# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The checks of a test script, printed as TAP. A script sources this file and
# just runs: the plan and the exit status come by themselves, and a script that
# dies half-way has failed.
#
#   . "$(dirname "$0")/../lib/check.sh"
#   check 'top prints a table' pagewarden top --count 1
#   check 'it says why' grep -q 'cannot load' "$tmp/err"
#   check_fails 'no such pid' 4 pagewarden inspect 999999
#   skip 'node holds its pages' 'node is not installed'
#
# $root     the repository
# $build    the build directory (BUILD, default build), absolute
# $tmp      a directory of this script's own, removed at the end
# $pagewarden the binary under test (PAGEWARDEN, default $build/pagewarden)
#
# at_exit CMD... runs at the end, the last one first: stop what you started.

set -u

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "$root" && realpath -m "${BUILD:-build}")
pagewarden=${PAGEWARDEN:-$build/pagewarden}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/pagewarden-test.XXXXXX")
export root build pagewarden tmp

_checks=0
_checks_failed=0
_at_exit=()

at_exit() {
	_at_exit=("$(printf '%q ' "$@")" "${_at_exit[@]+"${_at_exit[@]}"}")
}

_check_end() {
	local status=$? step

	for step in "${_at_exit[@]+"${_at_exit[@]}"}"; do
		eval "$step" >/dev/null 2>&1
	done
	rm -rf "$tmp"
	if [ "$status" -ne 0 ]; then
		printf 'Bail out! %s ended with status %s after %s checks\n' "$0" "$status" "$_checks"
		exit "$status"
	fi
	printf '1..%s\n' "$_checks"
	[ "$_checks_failed" -eq 0 ] || exit 1
}
trap _check_end EXIT

pass() {
	_checks=$((_checks + 1))
	printf 'ok %s - %s\n' "$_checks" "$1"
}

# fail NAME [REASON]: the reason becomes a comment, line by line.
fail() {
	_checks=$((_checks + 1))
	_checks_failed=$((_checks_failed + 1))
	printf 'not ok %s - %s\n' "$_checks" "$1"
	[ -z "${2:-}" ] || printf '%s\n' "$2" | LC_ALL=C tr -c '[:print:]\t\n' '?' | sed 's/^/# /'
}

skip() {
	_checks=$((_checks + 1))
	printf 'ok %s - %s # SKIP %s\n' "$_checks" "$1" "$2"
}

# skip_all REASON: the whole script can't run here.
skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	trap - EXIT
	rm -rf "$tmp"
	exit 0
}

# check NAME CMD...: passes when CMD exits 0; its output is shown only if not.
check() {
	check_exits "$1" 0 "${@:2}"
}

# check_fails NAME STATUS CMD...: the same under the name that reads well for errors.
check_fails() {
	check_exits "$@"
}

# check_exits NAME STATUS CMD...: passes when CMD exits with exactly STATUS.
# CMD's output is in $tmp/out and $tmp/err for the checks that follow.
check_exits() {
	local name=$1 want=$2 status=0

	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	if [ "$status" -eq "$want" ]; then
		pass "$name"
	else
		fail "$name" "exit status $status, expected $want: $*
$(head -n 20 "$tmp/out" "$tmp/err" 2>/dev/null | tr -d '\000' | cut -c 1-400)"
	fi
}

# check_matches NAME FILE REGEX: a line of FILE matches the extended regex.
check_matches() {
	if grep -Eq -- "$3" "$2"; then
		pass "$1"
	else
		fail "$1" "no line of $2 matches: $3
$(head -n 20 "$2" 2>&1 | cut -c 1-400)"
	fi
}

# check_between NAME VALUE LOW HIGH: LOW <= VALUE <= HIGH, as integers.
check_between() {
	if [ "$2" -ge "$3" ] 2>/dev/null && [ "$2" -le "$4" ] 2>/dev/null; then
		pass "$1"
	else
		fail "$1" "$2 is not in $3..$4"
	fi
}

# wait_for SECONDS CMD...: polls until CMD exits 0.
wait_for() {
	local until=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}
