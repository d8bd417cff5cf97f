# SPDX-License-Identifier: Apache-2.0
"""Disks and file systems, against what the machine was built with and what its own tools made of it."""

import os

import hardware
from guest_test import GuestTest

# Each stack that a guest of today has, on disks of different buses.
BUILD_STACKS = r"""
set -e
by_serial() {
  for link in /dev/disk/by-id/*; do
    case $link in *"$1"*-part*) ;; *"$1"*) readlink -f "$link"; return ;; esac
  done
}
udevadm settle
data=$(by_serial VIRTIO-1) scsi_a=$(by_serial SCSI-A) scsi_b=$(by_serial SCSI-B) nvme=$(by_serial NVME-1)
sata=$(by_serial SATA-3) usb=$(by_serial USB-1) card=/dev/mmcblk0
mkdir -p /data/plain /data/lvm /data/md /data/luks /data/card
mke2fs -q -t ext4 "$data"; mount "$data" /data/plain
modprobe -a dm-mod raid1 dm-crypt vfat
vgcreate --quiet group "$scsi_a" "$scsi_b" >/dev/null
lvcreate --quiet --yes --extents 100%FREE --name volume group >/dev/null
mke2fs -q -t ext4 /dev/group/volume; mount /dev/group/volume /data/lvm
mdadm --quiet --create /dev/md0 --run --level 1 --metadata 1.2 --raid-devices 2 --assume-clean "${nvme}p2" "$sata" 2>&1
mke2fs -q -t ext4 /dev/md0; mount /dev/md0 /data/md
printf secret | cryptsetup luksFormat --batch-mode --type luks1 --pbkdf-force-iterations 1000 "$usb" -
printf secret | cryptsetup open --key-file - "$usb" sealed
mke2fs -q -t ext4 /dev/mapper/sealed; mount /dev/mapper/sealed /data/luks
mkfs.vfat "$card" >/dev/null; mount "$card" /data/card
udevadm settle
"""


class Storage(GuestTest):
    """A guest with a disk on every bus; made once, for all tests."""

    @classmethod
    def setUpClass(cls):
        if "/data/card" not in cls.machine.run("cat /proc/mounts"):
            cls.machine.run(BUILD_STACKS)

    def disks(self):
        return self.host.call("guest-get-disks")

    def disk_with(self, serial):
        found = [disk for disk in self.disks() if serial in disk.get("address", {}).get("serial", "")]
        self.assertEqual(1, len(found), f"not one disk with the serial number {serial}")
        return found[0]

    def check_address(self, disk, address):
        expected = disk.address()
        self.assertEqual(expected, {key: address[key] for key in expected}, disk.serial)

    def size_in_guest(self, node):
        return int(self.machine.run(f"blockdev --getsize64 {node}"))


class Disks(Storage):
    def test_every_disk_is_where_the_machine_has_it(self):
        for disk in hardware.TODAYS:
            if not disk.has_serial:
                continue
            with self.subTest(disk=disk.serial):
                told = self.disk_with(disk.serial)
                self.check_address(disk, told["address"])
                self.assertEqual(told["name"], told["address"]["dev"])
                self.assertEqual(disk.size, self.size_in_guest(told["name"]))

    def test_card_is_where_the_machine_has_it(self):
        found = [disk for disk in self.disks() if disk["name"] == "/dev/mmcblk0"]
        self.check_address(hardware.CARD, found[0]["address"])
        self.assertEqual(hardware.CARD.size, self.size_in_guest("/dev/mmcblk0"))

    def test_all_disks_and_partitions_of_the_kernel_are_listed(self):
        kernel = self.machine.run("for d in /sys/class/block/*; do [ $(cat $d/size) = 0 ] || echo /dev/${d##*/}; done")
        self.assertEqual(sorted(kernel.split()), sorted(disk["name"] for disk in self.disks()))

    def test_volumes_name_their_parts(self):
        by_name = {disk["name"]: disk for disk in self.disks()}
        volume = next(disk for disk in by_name.values() if disk.get("alias") == "group-volume")
        scsi = sorted(self.disk_with(serial)["name"] for serial in ("SCSI-A", "SCSI-B"))
        self.assertEqual(scsi, sorted(volume["dependencies"]))
        sealed = next(disk for disk in by_name.values() if disk.get("alias") == "sealed")
        self.assertEqual([self.disk_with("USB-1")["name"]], sealed["dependencies"])
        nvme = self.disk_with("NVME-1")["name"]
        self.assertEqual(sorted([nvme + "p2", self.disk_with("SATA-3")["name"]]),
                         sorted(by_name["/dev/md0"]["dependencies"]))
        self.assertEqual({"partition": True, "dependencies": [nvme]},
                         {key: by_name[nvme + "p1"][key] for key in ("partition", "dependencies")})

    def test_nvme_tells_its_health(self):
        smart = self.disk_with("NVME-1")["smart"]
        self.assertEqual("nvme", smart["type"])
        self.assertEqual(0, smart["critical-warning"])
        self.assertEqual(323, smart["temperature"], "kelvin, as QEMU's NVMe has it")
        node = self.disk_with("NVME-1")["name"]
        self.machine.run(f"dd if={node} of=/dev/null bs=1M count=8 iflag=direct status=none")
        after = self.disk_with("NVME-1")["smart"]
        self.assertGreaterEqual(after["host-read-commands-lo"], smart["host-read-commands-lo"] + 8)
        self.assertGreaterEqual(after["data-units-read-lo"], smart["data-units-read-lo"] + 15)

    def test_nvme_warns_as_the_host_makes_it_warn(self):
        self.machine.qmp.execute("qom-set", path="/machine/peripheral/nvme", property="smart_critical_warning", value=4)
        self.addCleanup(self.machine.qmp.execute, "qom-set", path="/machine/peripheral/nvme",
                        property="smart_critical_warning", value=0)
        self.assertEqual(4, self.disk_with("NVME-1")["smart"]["critical-warning"])

    def test_statistics_are_those_of_proc(self):
        told = {entry["name"]: entry for entry in self.host.call("guest-get-diskstats")}
        kernel = self.machine.run("awk '{print $3, $1, $2}' /proc/diskstats").splitlines()
        for line in kernel:
            name, major, minor = line.split()
            if name in told:
                self.assertEqual((int(major), int(minor)), (told[name]["major"], told[name]["minor"]))
        self.assertIn("vda", told)
        self.assertGreater(told["vda"]["stats"]["read-ios"], 0)


class Filesystems(Storage):
    def info(self, mountpoint):
        found = [info for info in self.host.call("guest-get-fsinfo") if info["mountpoint"] == mountpoint]
        self.assertEqual(1, len(found), mountpoint)
        return found[0]

    def check_disks(self, info, disks):
        """The disks below a file system, in any order."""
        told = {}
        for address in info["disk"]:
            told[next(disk.serial for disk in hardware.TODAYS if disk.serial in address.get("serial", ""))] = address
        self.assertEqual({disk.serial for disk in disks}, set(told))
        for disk in disks:
            self.check_address(disk, told[disk.serial])

    def test_stacks_are_followed_down_to_their_disks(self):
        for mountpoint, disks in (("/data/plain", [hardware.DATA]), ("/data/lvm", [hardware.SCSI_A, hardware.SCSI_B]),
                                  ("/data/md", [hardware.NVME, hardware.SATA]), ("/data/luks", [hardware.USB])):
            with self.subTest(mountpoint=mountpoint):
                info = self.info(mountpoint)
                self.assertEqual("ext4", info["type"])
                self.check_disks(info, disks)

    def test_card_has_vfat(self):
        info = self.info("/data/card")
        self.assertEqual("vfat", info["type"])
        self.check_address(hardware.CARD, info["disk"][0])

    def test_numbers_are_those_of_df(self):
        self.machine.run("sync")
        for info in self.host.call("guest-get-fsinfo"):
            used, available, total = map(int, self.machine.run(
                f"stat --file-system --format '%b %f %a %S' '{info['mountpoint']}' | "
                "awk '{printf \"%.0f %.0f %.0f\", ($1 - $2) * $4, $3 * $4, $1 * $4}'").split())
            with self.subTest(mountpoint=info["mountpoint"]):
                self.assertEqual(total, info["total-bytes-privileged"])
                # The root file system is written to meanwhile.
                self.assertLess(abs(used - info["used-bytes"]), 4 << 20)
                self.assertLess(abs(used + available - info["total-bytes"]), 4 << 20)

    def test_trim_is_seen_by_the_host(self):
        image = hardware.DATA.path(self.machine.folder)
        self.machine.run("head -c 48M /dev/urandom > /data/plain/big && sync")
        full = os.stat(image).st_blocks * 512
        self.assertGreater(full, 48 << 20)
        self.machine.run("rm /data/plain/big && sync")
        result = self.host.call("guest-fstrim", timeout=60)
        trimmed = {path["path"]: path for path in result["paths"]}
        self.assertGreater(trimmed["/data/plain"]["trimmed"], 48 << 20)
        freed = full - os.stat(image).st_blocks * 512
        self.note("freed on the host by guest-fstrim", f"{freed >> 20} MiB")
        self.assertGreater(freed, 40 << 20)


class OldBoard(GuestTest):
    """The first machine, an i440FX."""

    @classmethod
    def tearDownClass(cls):
        # QEMU's old SCSI controller does not come back from sleep, and the end of the machine would wait for its disk.
        cls.machine.run(f"for disk in /sys/bus/pci/devices/0000:00:{hardware.LSI.slot:02x}.0/host*/target*/*:*/delete; "
                        "do echo 1 >$disk; done")

    def test_disks_are_where_the_machine_has_them(self):
        addresses = [disk["address"] for disk in self.host.call("guest-get-disks") if "address" in disk]
        for disk in hardware.OLD:
            with self.subTest(disk=disk.serial):
                found = [address for address in addresses if disk.serial in address.get("serial", "")]
                self.assertEqual(1, len(found), addresses)
                expected = disk.address()
                self.assertEqual(expected, {key: found[0][key] for key in expected})
