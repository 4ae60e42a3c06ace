#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.sh NAME: prints the directory of one of Debian's kernels, unpacked:
# vmlinuz, config, and version (package and version). NAME is 6.1, 6.12 or new.
#
# The package comes through apt, by name, with signatures checked, but with
# apt's state, lists and cache in a private directory, so that the machine's
# own apt is neither asked nor changed; it is unpacked, not installed. What is
# there is reused; remove the directory for a newer one.
set -eu
. "$(dirname "$0")/../../packaging/kernel-package.sh"

# The one table of kernels: NAME -> suite and the package that names the newest.
case ${1:-} in
6.1) suite=bookworm ;;
6.12) suite=trixie ;;
new) suite=sid ;;
*) echo "usage: kernel.sh 6.1|6.12|new" >&2; exit 2 ;;
esac
name=$1
arch=amd64
meta=linux-image-cloud-$arch

cache=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/pagewarden-vm
kernel=$cache/kernel-$name
if [ -s "$kernel/version" ]; then
	echo "$kernel"
	exit 0
fi
mkdir -p "$cache"

# The machine's own mirror where it has one, else Debian's.
mirror_of() { # $1: regex of the code name
	# shellcheck disable=SC2016  # apt expands these
	apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 2>/dev/null |
		awk -v want="$1" '$1 == "Debian" && $2 ~ want { print $3; exit }'
}
mirror=$(mirror_of '^[a-z]+$')
security=$(mirror_of 'security')
mirror=${mirror:-http://deb.debian.org/debian}
security=${security:-http://deb.debian.org/debian-security}

# private_apt PROGRAM SUITE ARGS...: apt-get or apt-cache with everything it keeps below $cache/apt-SUITE.
private_apt() {
	local program=$1 dir=$cache/apt-$2

	shift 2
	"$program" -q \
		-o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State="$dir" -o Dir::State::Lists="$dir/lists" -o Dir::State::Status="$dir/status" \
		-o Dir::Cache="$dir" -o Dir::Cache::Archives="$dir/archives" \
		-o APT::Architecture=$arch -o APT::Architectures=$arch -o APT::Sandbox::User="$(id -un)" \
		-o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
		-o APT::Update::Post-Invoke::= -o APT::Update::Post-Invoke-Success::= \
		"$@"
}

# update SUITE KEYRING: reads what the archive has, and checks who signed it.
update() {
	local dir=$cache/apt-$1

	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	: >"$dir/status"
	{
		echo "deb [arch=$arch signed-by=$2] $mirror $1 main"
		[ "$1" = sid ] || echo "deb [arch=$arch signed-by=$2] $security $1-security main"
	} >"$dir/sources.list"
	private_apt apt-get "$1" -qq --error-on=any update
}

# fetch SUITE PACKAGE DIR: downloads the newest PACKAGE and unpacks it below DIR.
fetch() {
	rm -rf "$3"
	mkdir -p "$3"
	(cd "$3" && private_apt apt-get "$1" -qq download "$2")
	dpkg-deb -x "$3"/*.deb "$3"
	rm -f "$3"/*.deb
}

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [ ! -r "$keyring" ]; then
	echo "kernel.sh: $keyring is missing: apt-get install debian-archive-keyring" >&2
	exit 1
fi
if ! update "$suite" "$keyring" >&2; then
	# The newest suites are signed with keys younger than this machine's keyring.
	# An older suite that the machine can check vouches for the newer keyring.
	echo "kernel.sh: $suite does not check with this machine's keyring; taking trixie's" >&2
	update trixie "$keyring" >&2
	fetch trixie debian-archive-keyring "$cache/keyring" >&2
	keyring=$(find "$cache/keyring" -type f -name 'debian-archive-keyring.[gp][pg][gp]' | head -n 1)
	update "$suite" "$keyring" >&2
fi

work=$cache/unpack-$name
image=
for package in $(kernel_packages "$meta" private_apt apt-cache "$suite"); do
	fetch "$suite" "$package" "$work" >&2
	image=$(kernel_image "$work")
	[ -z "$image" ] || break
done
if [ -z "$image" ]; then
	echo "kernel.sh: found no kernel image in $suite's $meta" >&2
	exit 1
fi
rm -rf "$kernel"
mkdir -p "$kernel"
mv "$image" "$kernel/vmlinuz"
rm -rf "$work" "$cache/apt-$suite/archives"
echo "$package" >"$kernel/version"
echo "$kernel"
