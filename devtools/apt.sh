# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SDXI for DPDK authors
# shellcheck shell=bash disable=SC2154 # lib.sh has it

# Debian packages for the scripts in this folder. Sourced after lib.sh, never run.

# private_apt FOLDER LOG TYPE...: read package lists for a configuration of APT in FOLDER, $apt_conf: with the
# machine's sources, as these types (deb, deb-src), keys and proxies, and with lists and caches of its own.
private_apt()
{
	local dir=$1 log=$2 list parts file type
	command -v apt-get >/dev/null || die 'fetching packages' 'there is no apt-get here'  \
		'set DPDK_SOURCE to a DPDK source tree, or DPDK_PREFIX to an installed DPDK'
	apt_conf=$dir/apt.conf
	mkdir -p -- "$dir"/lists/partial "$dir"/cache/archives/partial "$dir/parts"
	eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
	for type in "${@:3}"; do
		# Without their architectures: which one is read is said below.
		sed -nE "/cdrom:/d; s/^[[:space:]]*deb(-src)?[[:space:]]+/$type /; T; s/arch[+-]?=[^] ]*//
			s/\\[[[:space:]]*\\]//; p" "$list" "$parts"/*.list 2>/dev/null |
			sort -u >"$dir/parts/$type.list" || true
	done
	for file in "$parts"/*.sources; do
		[[ ! -r $file ]] || sed -E "s/^Types:.*/Types: ${*:3}/I; /^Architectures:/Id" "$file" \
			>"$dir/parts/${file##*/}"
	done
	# As root, APT drops to a user that cannot reach below root's home.
	cat >"$apt_conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State::Lists "$dir/lists";
Dir::Cache "$dir/cache";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$dir/parts";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
APT::Sandbox::User "root";
${apt_arch:+APT::Architecture "$apt_arch"; APT::Architectures { "$apt_arch"; \};}
END
	# One source that does not answer makes the whole update fail, though the others were read.
	limit "$fetch_limit" apt-get -c "$apt_conf" update </dev/null >>"$log" 2>&1 || true
}

# fetch FOLDER WHAT LOG ARGUMENTS...: have "apt-get ARGUMENTS" write into FOLDER.
fetch()
{
	(cd -- "$1" && limit "$fetch_limit" apt-get -c "$apt_conf" "${@:4}" </dev/null >>"$3" 2>&1) ||
		die "fetching $2" "apt-get ${*:4}" 'are the package sources in reach, and do they offer it?' "$3"
}

# as_root SECONDS COMMAND...: with a time limit, and files that all users can read, whatever this user's
# umask is. sudo asks for a password only where there is a terminal, wherever the input comes from.
as_root()
{
	local rc=0 sudo=(sudo)
	if ((EUID == 0)); then sudo=(); elif ! (: </dev/tty) 2>/dev/null; then sudo=(sudo -n); fi
	# shellcheck disable=SC2016 # for the shell that is called
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive sh -c 'umask 022 && exec "$@"' sh \
		timeout --foreground --kill-after=30 "$@" || rc=$?
	limit_told "$rc" "$@" >&2
	return "$rc"
}

# Print which of the packages are not installed.
missing_packages()
{
	local package
	for package; do
		[[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
	done
}

# ensure_packages CACHE PACKAGE...: install those that are missing.
ensure_packages()
{
	local missing by_hand install log=$1/log/packages.log dir=$1/apt-install held
	command -v dpkg-query >/dev/null || die 'looking for packages' 'this is not Debian or Ubuntu: no dpkg-query' \
		"install the equivalents of ${*:2} by hand, then run devtools/setup.sh --no-packages with DPDK_SOURCE or\
 DPDK_PREFIX set"
	mapfile -t missing < <(missing_packages "${@:2}")
	((${#missing[@]} > 0)) || return 0
	by_hand="apt-get install ${missing[*]} (as root), then run this again"
	((EUID == 0)) || command -v sudo >/dev/null ||
		die 'installing packages' "missing: ${missing[*]}; and this user is not root and has no sudo" "$by_hand"
	exec {held}>"$1/packages.lock"
	lock "$held" 'installs packages'
	# Another script may have installed them.
	mapfile -t missing < <(missing_packages "${@:2}")
	if ((${#missing[@]} > 0)); then
		say "installing ${#missing[@]} missing packages: ${missing[*]}"
		rm -rf -- "$dir"
		: >"$log"
		install=(-o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}")
		if ! as_root "$fetch_limit" apt-get "${install[@]}" </dev/null >>"$log" 2>&1; then
			say "the machine's package lists are missing or old: reading new ones"
			private_apt "$dir" "$log" deb
			as_root "$fetch_limit" apt-get -c "$apt_conf" "${install[@]}" </dev/null >>"$log" 2>&1 ||
				die 'installing packages' "apt-get install ${missing[*]}" "$by_hand" "$log"
			as_root "$work_limit" rm -rf -- "$dir"
		fi
	fi
	exec {held}>&-
}

# Print a name for the distribution and its version.
distribution()
{
	# shellcheck disable=SC1091
	(. /etc/os-release && printf '%s-%s' "${ID:-unknown}" "${VERSION_ID:-${VERSION_CODENAME:-}}")
}
