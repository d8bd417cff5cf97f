# SPDX-License-Identifier: Apache-2.0
"""The disks that the guests are built with, and where a host would say that each of them is attached."""

import dataclasses
import os
import struct

MEBIBYTE = 1 << 20


def master_boot_record(partitions):
    """Four entries of 16 bytes; places in sectors, 0x83 for Linux."""
    entries = [struct.pack("<B3sB3sII", 0, b"\xff" * 3, 0x83, b"\xff" * 3, start * 2048, size * 2048)
               for start, size in partitions]
    return b"".join([bytes(446), *entries]).ljust(510, b"\0") + b"\x55\xaa"


@dataclasses.dataclass(frozen=True)
class Disk:
    """`place`: bus, target and unit as guest-get-disks tells them. `slot`, `function`: of the PCI controller."""

    serial: str
    bus_type: str
    slot: int
    place: tuple
    device: str  # for QEMU, without drive and serial
    controller: tuple = ()
    function: int = 0
    size: int = 64 * MEBIBYTE
    has_serial: bool = True
    partitions: tuple = ()  # beginning and size of each, in MiB

    def options(self, folder):
        drive = f"file={self.path(folder)},format=raw,if=none,id=drive-{self.serial},cache=unsafe,discard=unmap"
        serial = f",serial={self.serial}" if self.has_serial else ""
        return [*self.controller, "-drive", drive, "-device", f"{self.device},drive=drive-{self.serial}{serial}"]

    def path(self, folder):
        return os.path.join(folder, f"{self.serial}.img")

    def make(self, folder):
        with open(self.path(folder), "wb") as image:
            image.truncate(self.size)
            if self.partitions:
                image.write(master_boot_record(self.partitions))

    def address(self):
        bus, target, unit = self.place
        return {"bus-type": self.bus_type, "bus": bus, "target": target, "unit": unit,
                "pci-controller": {"domain": 0, "bus": 0, "slot": self.slot, "function": self.function}}


# All buses that QEMU offers on today's board.
DATA = Disk("VIRTIO-1", "virtio", 0x10, (0, 0, 0), "virtio-blk-pci,addr=0x10", size=128 * MEBIBYTE)
SCSI_A = Disk("SCSI-A", "scsi", 0x11, (0, 3, 2), "scsi-hd,bus=scsi.0,channel=0,scsi-id=3,lun=2",
              ("-device", "virtio-scsi-pci,id=scsi,addr=0x11"))
SCSI_B = Disk("SCSI-B", "scsi", 0x11, (0, 5, 0), "scsi-hd,bus=scsi.0,channel=0,scsi-id=5,lun=0")
NVME = Disk("NVME-1", "nvme", 0x12, (0, 0, 0), "nvme,id=nvme,addr=0x12", partitions=((1, 16), (17, 47)))
SATA = Disk("SATA-3", "sata", 0x1F, (0, 0, 3), "ide-hd,bus=ide.3", function=2)
USB = Disk("USB-1", "usb", 0x13, (0, 0, 0), "usb-storage,bus=xhci.0,port=2",
           ("-device", "qemu-xhci,id=xhci,addr=0x13"))
CARD = Disk("CARD-1", "sd", 0x14, (0, 0, 0), "sd-card", ("-device", "sdhci-pci,addr=0x14"), has_serial=False)
TODAYS = (DATA, SCSI_A, SCSI_B, NVME, SATA, USB, CARD)

# And those of the board of old: its own IDE, and a SCSI controller of that time.
IDE = Disk("IDE-1", "ide", 1, (1, 0, 1), "ide-hd,bus=ide.1,unit=1", function=1)
LSI = Disk("LSI-4", "scsi", 0x11, (0, 0, 4), "scsi-hd,bus=lsi.0,scsi-id=4",
           ("-device", "lsi53c895a,id=lsi,addr=0x11"))
OLD = (IDE, LSI)


def options(disks, folder):
    return [option for disk in disks for option in disk.options(folder)]
