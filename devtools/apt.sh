# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
# shellcheck shell=bash disable=SC2154 # lib.sh has it

# What the scripts in this folder have to do with packages. Sourced behind lib.sh, never run.

# A configuration of our own below $1: package lists, caches and sources are private, keys and proxies
# are the system's.
private_apt()
{
	local dir=$1
	mkdir -p "$dir"/lists/partial "$dir"/cache/archives/partial "$dir"/sources
	cat >"$dir/apt.conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State::Lists "$dir/lists";
Dir::Cache "$dir/cache";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
END
	# As root, APT drops to a user that cannot reach below root's home.
	echo 'APT::Sandbox::User "root";' >>"$dir/apt.conf"
}

# derive_sources FOLDER TYPE...: write one file into FOLDER/sources for each source that the machine is
# configured with, as one of these types (deb, deb-src). One entry a file, so that a bad one can be left
# out.
derive_sources()
{
	local dir=$1 list='' parts='' file number=0 line type
	shift
	eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
	for file in "$list" "$parts"/*.list; do
		[[ -f $file && -r $file ]] || continue
		sed -nE 's/^[[:space:]]*deb(-src)?[[:space:]]+//p' "$file"
	done | grep -v 'cdrom:' | awk '!seen[$0]++' >"$dir/entries" || true
	while read -r line; do
		number=$((number + 1))
		for type in "$@"; do
			printf '%s %s\n' "$type" "$line"
		done >"$dir/sources/$(printf '%03d' $number).list"
	done <"$dir/entries"
	for file in "$parts"/*.sources; do
		[[ -f $file && -r $file ]] || continue
		awk -v dir="$dir/sources" -v base="$(basename -- "$file" .sources)" -v types="$*" '
			BEGIN { RS = ""; n = 0 }
			{
				text = ""
				skipping = has_types = 0
				lines = split($0, line, "\n")
				for (i = 1; i <= lines; i++) {
					if (line[i] ~ /^#/)
						continue
					# what follows a replaced field on lines of its own
					if (skipping && line[i] ~ /^[ \t]/)
						continue
					skipping = 0
					if (tolower(line[i]) ~ /^types[ \t]*:/) {
						line[i] = "Types: " types
						skipping = has_types = 1
					}
					text = text line[i] "\n"
				}
				if (!has_types)
					next
				out = sprintf("%s/%s-%03d.sources", dir, base, ++n)
				printf "%s", text > out
				close(out)
			}
		' "$file"
	done
	rm -f "$dir/entries"
	cat >>"$dir/apt.conf" <<END
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$dir/parts";
END
	# Only what APT can read, in itself and beside the others: one bad entry would spoil them all.
	mkdir -p "$dir/parts"
	for file in "$dir"/sources/*; do
		[[ -f $file ]] || continue
		cp -- "$file" "$dir/parts/"
		if ! apt-get -c "$dir/apt.conf" indextargets >/dev/null 2>>"$dir/unusable.log"; then
			rm -f -- "$dir/parts/$(basename -- "$file")"
			warn "left out a package source that APT cannot use: $(tr '\n' ' ' <"$file")"
		fi
	done
}

# Is there a terminal to ask for a password at? Where input comes from says nothing of that.
has_terminal()
{
	(: </dev/tty) 2>/dev/null
}

# as_root SECONDS COMMAND...: it has so much time, as with limit.
as_root()
{
	local rc=0
	local command=(env DEBIAN_FRONTEND=noninteractive timeout --foreground --kill-after=30 "$@")

	if ((EUID == 0)); then
		"${command[@]}" || rc=$?
	elif has_terminal; then
		sudo "${command[@]}" || rc=$?
	else
		sudo -n "${command[@]}" || rc=$?
	fi
	limit_told "$rc" "$@" >&2
	return "$rc"
}

missing_packages()
{
	local package
	for package in "$@"; do
		dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
			printf '%s\n' "$package"
	done
}

# ensure_packages CACHE PACKAGE...: install those that are missing.
ensure_packages()
{
	local cache=$1 missing=() by_hand log dir rc=0 held
	shift
	if ! command -v dpkg-query >/dev/null; then
		die 'looking for packages' 'this is no Debian or Ubuntu: there is no dpkg-query' \
			"install the likes of $* by hand, then run devtools/setup.sh with --no-packages and\
 DPDK_SOURCE or DPDK_PREFIX set"
	fi
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]} > 0)) || return 0
	by_hand="apt-get install ${missing[*]} (as root), then run this again"
	if ((EUID != 0)) && ! command -v sudo >/dev/null; then
		die 'installing packages' "missing: ${missing[*]}; and this is neither root nor has it sudo" \
			"$by_hand"
	fi
	exec {held}>"$cache/packages.lock"
	lock "$held" 'installs packages'
	# The other one may have installed them.
	mapfile -t missing < <(missing_packages "$@")
	if ((${#missing[@]} == 0)); then
		exec {held}>&-
		return 0
	fi
	say "installing ${#missing[@]} missing packages: ${missing[*]}"
	log=$cache/log/packages.log
	as_root "$fetch_limit" apt-get -o DPkg::Lock::Timeout=300 install -y \
		--no-install-recommends "${missing[@]}" </dev/null >"$log" 2>&1 || rc=$?
	if ((rc != 0)); then
		say 'the package lists are missing or old: reading fresh ones for this installation'
		dir=$cache/apt-install
		rm -rf "$dir"
		private_apt "$dir"
		as_root "$fetch_limit" apt-get -c "$dir/apt.conf" update </dev/null >>"$log" 2>&1 || true
		rc=0
		as_root "$fetch_limit" apt-get -c "$dir/apt.conf" -o DPkg::Lock::Timeout=300 install -y \
			--no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1 || rc=$?
		as_root "$work_limit" rm -rf "$dir"
		((rc == 0)) || die 'installing packages' "apt-get ended with $rc" "$by_hand" "$log"
	fi
	exec {held}>&-
}

distribution()
{
	# shellcheck disable=SC1091
	(. /etc/os-release && printf '%s-%s' "${ID:-unknown}" "${VERSION_ID:-${VERSION_CODENAME:-}}")
}
