#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The planted bugs of tests/debug still fit the module: make check-debug-kernel,
# which plants them, is not run every day.
set -u
. "$(dirname "$0")/../lib/check.sh"

command -v patch >/dev/null || skip_all "patch is not installed"
cp -r "$root/kmod" "$tmp/"
for plant in "$root"/tests/debug/plants/*.patch; do
	check "$(basename "$plant") can be planted" patch -d "$tmp" -p1 --dry-run -i "$plant"
done
