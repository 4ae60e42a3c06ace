# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Debian's packages of a suite, unpacked without touching the machine: apt with
# signatures checked, but with its state, lists and cache in a private
# directory, so that the machine's own apt is neither asked nor changed. Sourced.
#
#   apt_read SUITE                reads what the archive has; progress on stderr
#   apt_private PROGRAM SUITE ... apt-get or apt-cache with that state
#   apt_fetch SUITE PACKAGE DIR   the newest PACKAGE, unpacked below DIR
#   apt_tree SUITE DIR PACKAGE... a root file system of these and all that they depend on
#   apt_enter DIR WORK CMD...     runs a command in such a tree, with WORK as its /mnt
#   apt_source SUITE VERSION      prints the directory of that kernel's sources, kept once they are there
#
# Who calls these for the same suite at the same time waits: apt_lock SUITE first.

apt_arch=amd64
apt_cache=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/pagewarden-vm
apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The machine's own mirror where it has one, else Debian's.
apt_mirror_of() { # $1: regex of the code name
	# shellcheck disable=SC2016  # apt expands these
	apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 2>/dev/null |
		awk -v want="$1" '$1 == "Debian" && $2 ~ want { print $3; exit }'
}

# Held until this shell ends.
apt_lock() {
	mkdir -p "$apt_cache"
	exec 9>"$apt_cache/lock-$1"
	flock 9
}

# Everything that apt keeps is below $apt_cache/apt-SUITE.
apt_private() {
	local program=$1 dir=$apt_cache/apt-$2

	shift 2
	"$program" -q \
		-o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State="$dir" -o Dir::State::Lists="$dir/lists" -o Dir::State::Status="$dir/status" \
		-o Dir::Cache="$dir" -o Dir::Cache::Archives="$dir/archives" \
		-o APT::Architecture=$apt_arch -o APT::Architectures=$apt_arch \
		-o APT::Sandbox::User="$(id -un)" \
		-o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
		-o APT::Update::Post-Invoke::= -o APT::Update::Post-Invoke-Success::= \
		"$@"
}

# apt_update SUITE KEYRING: reads what the archive has, and checks who signed it.
apt_update() {
	local dir=$apt_cache/apt-$1 mirror security

	mirror=$(apt_mirror_of '^[a-z]+$')
	security=$(apt_mirror_of 'security')
	mirror=${mirror:-http://deb.debian.org/debian}
	security=${security:-http://deb.debian.org/debian-security}
	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	: >"$dir/status"
	{
		echo "deb [arch=$apt_arch signed-by=$2] $mirror $1 main"
		[ "$1" = sid ] || echo "deb [arch=$apt_arch signed-by=$2] $security $1-security main"
	} >"$dir/sources.list"
	apt_private apt-get "$1" -qq --error-on=any update
}

apt_fetch() {
	rm -rf "$3"
	mkdir -p "$3"
	(cd "$3" && apt_private apt-get "$1" -qq download "$2")
	dpkg-deb -x "$3"/*.deb "$3"
	rm -f "$3"/*.deb
}

# It takes the suite's lock itself.
apt_source() {
	local suite=$1 version=$2
	local tree=$apt_cache/source-$2 work=$apt_cache/unpack-source-$2

	if [ ! -d "$tree" ]; then
		(
			apt_lock "$suite"
			[ ! -d "$tree" ] || exit 0 # who held the lock has brought it
			apt_read "$suite"
			apt_fetch "$suite" "linux-source-$version" "$work"
			apt_clean "$suite"
			rm -rf "$tree.new"
			mkdir -p "$tree.new"
			tar -xf "$work/usr/src/linux-source-$version.tar.xz" -C "$tree.new" --strip-components=1
			zcat "$work/usr/share/doc/linux-source-$version/changelog.Debian.gz" |
				sed -n '1s/.*(\(.*\)).*/\1/p' >"$tree.new/debian-version"
			rm -rf "$work"
			mv "$tree.new" "$tree"
		) >&2 || return
	fi
	echo "$tree"
}

# Unpacked, never configured: a compiler needs no scripts of maintainers, and so
# this takes seconds where a real installation takes a minute. "PACKAGE-" leaves
# one out that the others ask for and that is not needed here.
apt_tree() {
	local suite=$1 dir=$2 deb package version link
	local -a want=()

	shift 2
	for package; do
		case $package in
		*-) # as if it were installed, in the version that others may insist on
			version=$(apt_private apt-cache "$suite" show --no-all-versions "${package%-}" |
				sed -n 's/^Version: //p') || return
			printf 'Package: %s\nStatus: install ok installed\nVersion: %s\nArchitecture: %s\n\n' \
				"${package%-}" "$version" "$apt_arch" >>"$apt_cache/apt-$suite/status" ;;
		*) want+=("$package") ;;
		esac
	done
	rm -rf "$apt_cache/apt-$suite/archives"
	mkdir -p "$apt_cache/apt-$suite/archives/partial"
	apt_private apt-get "$suite" -qq -y --no-install-recommends --download-only install "${want[@]}" >&2 || return
	rm -rf "$dir"
	mkdir -p "$dir"/{usr/bin,usr/sbin,usr/lib,usr/lib64,dev,proc,tmp,mnt}
	for link in bin sbin lib lib64; do
		ln -s "usr/$link" "$dir/$link"
	done
	for deb in "$apt_cache/apt-$suite/archives"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$dir" --keep-directory-symlink --no-same-owner --exclude='./usr/share/doc' || return
	done
	# What alternatives would link.
	[ -e "$dir/usr/bin/sh" ] || ln -s dash "$dir/usr/bin/sh"
	[ -e "$dir/usr/bin/awk" ] || ln -s mawk "$dir/usr/bin/awk"
	: >"$apt_cache/apt-$suite/status"
	apt_clean "$suite"
}

# The mounts are in a namespace of their own and go with the command. Who is not
# root becomes it there, where the machine allows that.
apt_enter() {
	local dir=$1 work=$2
	local -a own=()

	shift 2
	[ "$(id -u)" -eq 0 ] || own=(--user --map-root-user)
	mkdir -p "$dir/mnt"
	# shellcheck disable=SC2016  # expanded by that shell
	unshare --mount ${own[@]+"${own[@]}"} sh -c '
		dir=$1 work=$2
		shift 2
		mount --rbind /dev "$dir/dev" && mount --rbind /proc "$dir/proc" &&
			mount --rbind "$work" "$dir/mnt" || exit
		exec chroot "$dir" env -i PATH=/usr/sbin:/usr/bin LC_ALL=C HOME=/mnt "$@"
	' - "$dir" "$work" "$@"
}

apt_read() {
	local newer

	if [ ! -r "$apt_keyring" ]; then
		echo "$apt_keyring is missing: apt-get install debian-archive-keyring" >&2
		return 1
	fi
	apt_update "$1" "$apt_keyring" >&2 && return
	# The newest suites are signed with keys younger than this machine's keyring.
	# An older suite that the machine can check vouches for the newer keyring.
	echo "$1 does not check with this machine's keyring; taking trixie's" >&2
	apt_update trixie "$apt_keyring" >&2
	apt_fetch trixie debian-archive-keyring "$apt_cache/keyring" >&2
	newer=$(find "$apt_cache/keyring" -type f -name 'debian-archive-keyring.[gp][pg][gp]' | head -n 1)
	apt_update "$1" "$newer" >&2
}

# What was downloaded, once it is unpacked.
apt_clean() { rm -rf "$apt_cache/apt-$1/archives"; }
