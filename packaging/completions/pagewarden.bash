# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for pagewarden(1)
#
# Commands and options come from --help, columns from --columns help, so that
# what completes is what the installed program takes.

_pagewarden_commands() {
	"$1" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

_pagewarden_options() {
	"$1" "$2" --help 2>/dev/null | grep -E '^ *(-.,|--)' | grep -oE -- '--[a-z-]+|-[a-z],' |
		tr -d ','
}

# Every process whose directory can be seen.
_pagewarden_pids() {
	local directory

	for directory in /proc/[0-9]*; do
		printf '%s\n' "${directory#/proc/}"
	done
}

# The names after the last comma, with what stands before it kept.
_pagewarden_columns() {
	local program=$1 command=$2 word=$3 several=$4 before='' name

	[ -n "$several" ] && [[ $word == *,* ]] && before=${word%,*},
	"$program" "$command" --columns help 2>/dev/null | while read -r name _; do
		printf '%s\n' "$before$name"
	done
}

_pagewarden() {
	local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]}
	local previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]-} words

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$(_pagewarden_commands "$program") --help --version"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
		return
	fi
	case $previous in
	-f | --format)
		words='text json csv'
		[ "$command" != report ] || words="$words html"
		;;
	--columns) words="$(_pagewarden_columns "$program" "$command" "$current" y) help" ;;
	--sort) words=$(_pagewarden_columns "$program" "$command" "$current" '') ;;
	--pid | --wipes-pid) words=$(_pagewarden_pids) ;;
	--segments)
		words=''
		[ "$command" != record ] || words="all none $(_pagewarden_pids)"
		;;
	--view) words='processes groups segments events machine' ;;
	--verdict) words='wiped wiped-in-part not-wiped unknown' ;;
	--state) words='live released-clean released-dirty left-behind unknown' ;;
	--function)
		words='explicit_bzero memset_explicit memset_s explicit_memset OPENSSL_cleanse
			sodium_memzero gnutls_memset wc_ForceZero mbedtls_platform_zeroize kfree_sensitive
			kvfree_sensitive module-wipe free munmap CRYPTO_free CRYPTO_clear_free'
		;;
	--cgroup)
		mapfile -t COMPREPLY < <(cd /sys/fs/cgroup 2>/dev/null && compgen -d -- "${current#/}" | sed 's|^|/|')
		compopt -o filenames -o nospace 2>/dev/null
		return
		;;
	--vm-calls) words='auto off syscall' ;;
	--sample) words='1 2 4 8 16 32 64 128 256 512' ;;
	--group)
		words=$(compgen -g)
		# elsewhere it is a program
		[ "$command" = daemon ] || words=$(compgen -c -- "$current" | sort -u)
		;;
	--series) words='anon heap mapped stack threads shmem page-tables open-files kernel' ;;
	--time-scale) words='10 60 600' ;;
	-o | --output | --replay | --socket | --config | --history)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		compopt -o filenames 2>/dev/null
		return
		;;
	--table)
		words='findings suspects grown_groups grown_processes oom_kills oom_holders restarts shrunk_groups
			shrunk_processes largest_groups alerts boots gaps machine losses coverage_parts'
		;;
	--root | --output-dir)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		compopt -o filenames 2>/dev/null
		return
		;;
	-i | --interval | -n | --count | -w | --watch | --duration | --segment-interval | --since | --limit | \
		--filter | --at | --tick | --speed | --capacity | --flush | --history-max | --process | --read-back | --register | \
		--until | --mail | --keep | --keep-bytes)
		return
		;;
	*)
		words=$(_pagewarden_options "$program" "$command")
		if [[ $current != -* ]]; then
			case $command in
			inspect | explain) words=$(_pagewarden_pids) ;;
			replay)
				mapfile -t COMPREPLY < <(compgen -f -- "$current")
				compopt -o filenames 2>/dev/null
				return
				;;
			esac
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	if [ "$previous" = --columns ]; then
		compopt -o nospace 2>/dev/null
	fi
}

complete -F _pagewarden pagewarden
