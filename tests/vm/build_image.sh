#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the guest that the VM tests boot: a small Debian with systemd, udev and the distribution's qemu-guest-agent,
# so that installing guestd over it is part of what is tested. Prints the folder that holds the result: root.img (ext4),
# vmlinuz, initrd.img, and busybox.img, the initramfs of a guest without systemd, udev and libraries
# (guest/busybox_init).
#
# The folder is named after a hash of this script and of guest/, and is reused for as long as neither changes. It holds
# nothing of guestd: the package is installed into a running guest by the tests.
#
# Needs root or sudo for mmdebstrap's chroot; everything else runs as the caller.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache_root=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/guestd/vm
key=$(cat "$here/build_image.sh" "$here"/guest/* | sha256sum | cut -c1-16)
image_dir=$cache_root/$key
root_size=2200M

packages=(
  systemd systemd-sysv udev dbus kmod linux-image-amd64     # the kernel with all drivers: SATA, IDE, USB, SD cards
  qemu-guest-agent                                          # the agent that guestd replaces
  libsimdjson14 libudev1 libsystemd0 libstdc++6 init-system-helpers # what guestd's package depends on
  tzdata python3-minimal                                    # clients that run inside the guest
  lvm2 mdadm cryptsetup-bin dosfstools e2fsprogs            # what disks are built from
  libpam-systemd login openssh-server openssh-client        # logins: on the console, over SSH
  sqlite3                                                   # a database that writes while file systems are frozen
  apparmor                                                  # guestd's profile is loaded
  selinux-policy-default policycoreutils                    # and its module, in a guest that enforces SELinux
  busybox-static                                            # the other guest
)
# In the initramfs of the other guest. With those that they depend on.
busybox_modules=(virtio_pci virtio_console virtio_blk ext4 erofs)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# File ownership in an image is kept without root by fakeroot; root itself does not need it.
as_image_owner() {
  if [ "$(id -u)" = 0 ]; then "$@"; else fakeroot -- "$@"; fi
}

# Runs with the guest's root folder as $1, before the kernel is configured (a small initrd boots much faster).
initrd_settings() {
  cat <<'HOOK'
mkdir -p "$1/etc/initramfs-tools/conf.d"
printf 'MODULES=list\nCOMPRESS=lz4\n' >"$1/etc/initramfs-tools/conf.d/vm-test"
printf '%s\n' virtio_pci virtio_blk ext4 >"$1/etc/initramfs-tools/modules"
HOOK
}

guest_settings() {
  cat <<'HOOK'
echo guestd-vm >"$1/etc/hostname"
echo '/dev/vda / ext4 defaults,noatime 0 0' >"$1/etc/fstab"
chroot "$1" passwd --delete root
install -m 755 "$GUESTD_GUEST_FILES/hook.py" "$1/usr/local/sbin/vm-test-hook"
install -m 644 "$GUESTD_GUEST_FILES/vm-test-hook.service" "$1/etc/systemd/system/"
chroot "$1" systemctl enable vm-test-hook.service
chroot "$1" systemctl mask ssh.service mdmonitor.service mdcheck_start.timer mdcheck_continue.timer \
  mdmonitor-oneshot.timer lvm2-monitor.service e2scrub_all.timer e2scrub_reap.service apt-daily.timer \
  apt-daily-upgrade.timer \
  dpkg-db-backup.timer fstrim.timer systemd-timesyncd.service getty@tty1.service serial-getty@ttyS0.service \
  systemd-networkd.service systemd-resolved.service
make_busybox_guest() {
  folder=$1/tmp/busybox
  mkdir -p "$folder/bin" "$folder/dev" "$folder/etc" "$folder/proc" "$folder/sys" "$folder/run" "$folder/tmp" \
    "$folder/mnt" "$folder/lib/modules" "$folder/var/run"
  cp "$1/bin/busybox" "$folder/bin/busybox"
  install -m 755 "$GUESTD_GUEST_FILES/busybox_init" "$folder/init"
  install -m 755 "$GUESTD_GUEST_FILES/busybox_hook" "$folder/bin/vm-test-hook"
  kernel=$(ls "$1/lib/modules")
  # In the order of loading; insmod knows no dependencies, and does without depmod's files.
  for module in $GUESTD_BUSYBOX_MODULES; do
    chroot "$1" modprobe --set-version "$kernel" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
  done | awk '!seen[$0]++' >"$folder/lib/modules/order"
  while read -r file; do cp "$1$file" "$folder/lib/modules/"; done <"$folder/lib/modules/order"
  (cd "$folder" && find .) | chroot "$1" sh -c 'cd /tmp/busybox && cpio --quiet -o -H newc' | gzip -1 \
    >"$1/boot/busybox.img"
  rm -rf "$folder"
}
make_busybox_guest "$1"
rm -rf "$1"/var/lib/apt/lists/* "$1"/usr/share/doc/* "$1"/usr/share/locale/* "$1"/usr/share/man/*
HOOK
}

bootstrap() {
  local tar=$1 mirror
  mirror=$("$here/../../packaging/mirror.sh")
  initrd_settings >"$work/initrd_settings.sh"
  guest_settings >"$work/guest_settings.sh"
  chmod 755 "$work"
  as_root env GUESTD_GUEST_FILES="$here/guest" GUESTD_BUSYBOX_MODULES="${busybox_modules[*]}" \
    mmdebstrap --mode=root --variant=minbase --quiet \
    --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --include="$(IFS=,; echo "${packages[*]}"),initramfs-tools,cpio,lz4,passwd" \
    --essential-hook="sh $work/initrd_settings.sh \"\$1\"" \
    --customize-hook="sh $work/guest_settings.sh \"\$1\"" \
    bookworm - "deb $mirror bookworm main" >"$tar"
}

# $1: the tar archive, $2: the folder to fill with the four files.
make_image() {
  mkdir "$work/root"
  # shellcheck disable=SC2016  # expanded by the inner shell
  as_image_owner sh -euc '
    tar -C "$2" -xf "$1"
    # As the guest itself would before it enforces SELinux; without SELinux labels mean nothing.
    setfiles -F -r "$2" "$2/etc/selinux/default/contexts/files/file_contexts" "$2"
    mke2fs -q -F -t ext4 -O ^has_journal -E lazy_itable_init=1 -L guest -d "$2" "$3" "$4"
    cp "$2"/boot/vmlinuz-* "$5/vmlinuz"
    cp "$2"/boot/initrd.img-* "$5/initrd.img"
    mv "$2"/boot/busybox.img "$5/busybox.img"
    rm -rf "$2"' make_image "$1" "$work/root" "$2/root.img" "$root_size" "$2"
}

if [ ! -e "$image_dir/complete" ]; then
  echo "Building the guest image (once; cached in $image_dir)" >&2
  mkdir -p "$cache_root"
  work=$(mktemp -d "$cache_root/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/image"
  bootstrap "$work/root.tar" >&2
  make_image "$work/root.tar" "$work/image" >&2
  touch "$work/image/complete"
  rm -rf "$image_dir"
  mv "$work/image" "$image_dir"
fi
echo "$image_dir"
