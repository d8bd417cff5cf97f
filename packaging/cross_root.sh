#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs a command in a root of its own, where packages for another architecture are built: a small Debian with a cross
# compiler, and what packaging/debian/control asks for. A foreign architecture on the developer's own machine would be
# a lasting change of it.
#
#   cross_root.sh ARCHITECTURE FOLDER COMMAND [ARGUMENT]...
#
# FOLDER is /build there, and the command starts in it, as the user who called. The root is an archive, named after a
# hash of what it is made of and kept until that changes; what a command leaves outside of FOLDER is gone afterwards.
#
# Needs mmdebstrap, and root or sudo.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
architecture=$1
folder=$(cd "$2" && pwd)
shift 2
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/guestd
key=$(cat "$here/cross_root.sh" "$here/debian/control" - <<<"$architecture" | sha256sum | cut -c1-16)
archive=$cache/cross/$key.tar

# Beside those of debian/control. Some tests are built too, to be run under emulation.
packages=("crossbuild-essential-$architecture" dpkg-dev ccache python3-minimal
  "libgtest-dev:$architecture" "libgmock-dev:$architecture")

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Runs with the root's folder as $1, and a folder with debian/control as $2.
settings() {
  cat <<HOOK
set -e
cp -r "\$2" "\$1/tmp/guestd"
DEBIAN_FRONTEND=noninteractive chroot "\$1" \
  apt-get -y -qq build-dep --host-architecture "$architecture" --build-profiles cross,nocheck /tmp/guestd
rm -rf "\$1/tmp/guestd" "\$1"/var/lib/apt/lists/*
HOOK
}

make_archive() {
  local mirror
  mirror=$("$here/mirror.sh")
  mkdir -p "$work/guestd/debian"
  cp "$here/debian/control" "$work/guestd/debian/"
  settings >"$work/settings.sh"
  as_root mmdebstrap --mode=root --variant=minbase --quiet \
    --architectures="$(dpkg --print-architecture),$architecture" \
    --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --include="$(IFS=,; echo "${packages[*]}")" \
    --customize-hook="sh $work/settings.sh \"\$1\" $work/guestd" \
    bookworm - "deb $mirror bookworm main" >"$work/root.tar"
}

# With the caller's cache of ccache. Whatever is left running ends with the command.
run() {
  mkdir "$work/root"
  as_root tar --directory "$work/root" --exclude='./dev/*' --extract --file "$archive"
  # shellcheck disable=SC2016  # expanded by the inner shell
  as_root unshare --mount --pid --net --fork --kill-child sh -euc '
    root=$1 folder=$2 cache=$3 user=$4
    shift 4
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mkdir "$root/build" "$root/ccache"
    mount --bind "$folder" "$root/build"
    mount --bind "$cache" "$root/ccache"
    exec chroot --userspec="$user" "$root" env --chdir=/build "$@"' sh \
    "$work/root" "$folder" "$cache/ccache" "$(id -u):$(id -g)" \
    --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 CCACHE_DIR=/ccache "$@"
}

# Also what belongs to root.
clean_up() {
  as_root rm -rf --one-file-system "$work"
}

mkdir -p "$cache/cross" "$cache/ccache"
work=$(mktemp -d "$cache/cross/build.XXXXXX")
trap clean_up EXIT
if [ ! -e "$archive" ]; then
  echo "Making the root for $architecture (once; cached as $archive)" >&2
  make_archive >&2
  mv "$work/root.tar" "$archive"
fi
run "$@"
