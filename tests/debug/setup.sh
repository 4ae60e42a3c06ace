# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Sourced by a debug guest's /init before its jobs.
mount -t debugfs debugfs /sys/kernel/debug
# Failures that a test asked for are no news.
for capability in failslab fail_page_alloc fail_usercopy; do
	[ ! -w /sys/kernel/debug/$capability/verbose ] || echo 0 >/sys/kernel/debug/$capability/verbose
done
