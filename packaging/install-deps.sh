#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# install-deps.sh build|check [check]
#
# Installs the Debian packages that building (or testing) needs and that are
# missing. With a second argument "check" it only names them and fails.
# Quick and without network when nothing is missing.
set -eu

build="gcc make clang llvm bpftool libbpf-dev libelf-dev libdw-dev libsqlite3-dev libncurses-dev
libmicrohttpd-dev libjansson-dev libzstd-dev zlib1g-dev libsystemd-dev pkg-config"
check="$build libcmocka-dev valgrind gdb redis-server redis-tools python3 python3-jsonschema
procps tmux qemu-system-x86 busybox-static cpio xz-utils zstd sqlite3 curl git
debian-archive-keyring shellcheck clang-format libclang-rt-dev
flex bison bc patch openssl gnutls-bin libsodium23
prometheus prometheus-alertmanager python3-prometheus-client chromium chromium-driver"

case ${1:-} in
build) want=$build ;;
check) want=$check ;;
*) echo "usage: install-deps.sh build|check [check]" >&2; exit 2 ;;
esac

missing=
for p in $want; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) || status=
	[ "$status" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

if [ "${2:-}" = check ]; then
	echo "missing packages:$missing" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "pagewarden: these packages are missing and only root can install them:$missing" >&2
	echo "  run: sudo apt-get install$missing" >&2
	exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# A machine with old package lists asks for files that are gone: refresh first.
apt-get update -qq || echo "apt-get update failed; trying with the lists that are here" >&2
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
