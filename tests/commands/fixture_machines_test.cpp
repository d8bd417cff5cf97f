// SPDX-License-Identifier: Apache-2.0
//
// Commands on whole machines, as captured or written down in tests/fixtures: what a host would see of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

using Bus = GuestDiskBusType;
using testing::Contains;
using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

/// Bus type, bus, target, unit; slot and function on PCI.
using Place = std::tuple<Bus, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

Place place_of(const GuestDiskAddress& address) {
  return {address.bus_type,
          address.bus,
          address.target,
          address.unit,
          address.pci_controller.slot,
          address.pci_controller.function};
}

class Machine {
 public:
  explicit Machine(std::string_view fixture) : bench_(fixture) {}

  /// Of the disks with an address, by name.
  std::map<std::string, Place> places() {
    std::map<std::string, Place> all;
    for (const auto& disk : disks_()) {
      if (disk.address) all.emplace(disk.name, place_of(*disk.address));
    }
    return all;
  }
  /// The names of the disks of each file system, by mount point.
  std::map<std::string, std::set<std::string>> disks_of_file_systems() {
    std::map<std::string, std::set<std::string>> all;
    const auto infos = get_fsinfo(bench_.context());
    if (!infos) throw std::runtime_error(infos.error().text);
    for (const auto& info : *infos) {
      for (const auto& disk : info.disk) all[info.mountpoint].insert(disk.dev.value_or("?"));
    }
    return all;
  }
  std::map<std::string, std::set<std::string>> dependencies() {
    std::map<std::string, std::set<std::string>> all;
    for (const auto& disk : disks_()) {
      for (const auto& part : disk.dependencies.value_or(std::vector<std::string>())) all[disk.name].insert(part);
    }
    return all;
  }
  GuestDiskInfo disk(const std::string& name) {
    for (auto& disk : disks_()) {
      if (disk.name == name) return disk;
    }
    throw std::runtime_error("no " + name);
  }
  CommandBench* operator->() { return &bench_; }

 private:
  GetDisksResult disks_() {
    auto disks = get_disks(bench_.context());
    if (!disks) throw std::runtime_error(disks.error().text);
    return *std::move(disks);
  }

  CommandBench bench_;
};

TEST(MachineS390x, HasItsDisksBehindChannels) {
  Machine machine("s390x");
  EXPECT_THAT(machine.places(), UnorderedElementsAre(Pair("/dev/dasda", Place{Bus::kUnknown, 0, 0, 0, -1, -1}),
                                                     Pair("/dev/vda", Place{Bus::kVirtio, 0, 0, 0, -1, -1}),
                                                     Pair("/dev/sda", Place{Bus::kFibre, 0, 1, 1073758217, -1, -1})));
  const auto vda = machine.disk("/dev/vda").address;
  EXPECT_EQ(vda->serial, "VIRTIO-CCW-1");
  ASSERT_TRUE(vda->ccw_address.has_value());
  EXPECT_EQ(vda->ccw_address->cssid, 0);
  EXPECT_EQ(vda->ccw_address->subchno, 1);
  EXPECT_EQ(vda->ccw_address->devno, 1);
  const auto dasd = machine.disk("/dev/dasda").address;
  ASSERT_TRUE(dasd->ccw_address.has_value());
  EXPECT_EQ(dasd->ccw_address->subchno, 2);
  EXPECT_EQ(dasd->ccw_address->devno, 0x200);
  EXPECT_EQ(machine.disk("/dev/sda").address->serial, "75DK5212050");
}

TEST(MachineS390x, HasItsFileSystemsOnThem) {
  EXPECT_THAT(Machine("s390x").disks_of_file_systems(),
              UnorderedElementsAre(Pair("/", std::set<std::string>{"/dev/dasda1"}),
                                   Pair("/srv/virtio", std::set<std::string>{"/dev/vda1"}),
                                   Pair("/srv/fcp", std::set<std::string>{"/dev/sda1"})));
}

TEST(MachineS390x, CanSwitchOffEachCpuAndHasOneThatStandsBy) {
  Machine machine("s390x");
  const auto cpus = get_vcpus(machine->context());
  ASSERT_TRUE(cpus);
  std::vector<std::tuple<std::int64_t, bool, bool>> told;
  for (const auto& cpu : *cpus) told.emplace_back(cpu.logical_id, cpu.online, cpu.can_offline.value_or(false));
  std::sort(told.begin(), told.end());
  using Cpu = std::tuple<std::int64_t, bool, bool>;
  EXPECT_THAT(told, ElementsAre(Cpu{0, true, true}, Cpu{1, true, true}, Cpu{2, true, true}, Cpu{3, false, true}));
}

TEST(MachineS390x, HasMemoryThatStandsBy) {
  Machine machine("s390x");
  EXPECT_EQ(get_memory_block_info(machine->context())->size, 256U << 20U);
  const auto blocks = get_memory_blocks(machine->context());
  ASSERT_TRUE(blocks);
  EXPECT_EQ(blocks->size(), 8U);
  EXPECT_EQ(std::count_if(blocks->begin(), blocks->end(), [](const auto& block) { return block.online; }), 6);
  EXPECT_TRUE(std::all_of(blocks->begin(), blocks->end(), [](const auto& block) { return block.can_offline == true; }));
}

TEST(MachineS390x, CountsItsDisksAndTellsItsKind) {
  Machine machine("s390x");
  const auto stats = get_diskstats(machine->context());
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->size(), 6U);
  EXPECT_EQ(get_osinfo(machine->context())->machine, "s390x");
}

// Captured in the guest of tests/vm with the disks of tests/vm/hardware.py. There is no udev database in a fixture, so
// serial numbers are those of sysfs; USB disks have none there.
TEST(MachineQ35, HasItsDisksWhereTheHostPutThem) {
  EXPECT_THAT(Machine("q35").places(), UnorderedElementsAre(Pair("/dev/vda", Place{Bus::kVirtio, 0, 0, 0, 2, 0}),
                                                            Pair("/dev/vdb", Place{Bus::kVirtio, 0, 0, 0, 3, 0}),
                                                            Pair("/dev/vdc", Place{Bus::kVirtio, 0, 0, 0, 0x10, 0}),
                                                            Pair("/dev/sda", Place{Bus::kScsi, 0, 3, 2, 0x11, 0}),
                                                            Pair("/dev/sdb", Place{Bus::kScsi, 0, 5, 0, 0x11, 0}),
                                                            Pair("/dev/nvme0n1", Place{Bus::kNvme, 0, 0, 0, 0x12, 0}),
                                                            Pair("/dev/sdd", Place{Bus::kUsb, 0, 0, 0, 0x13, 0}),
                                                            Pair("/dev/mmcblk0", Place{Bus::kSd, 0, 0, 0, 0x14, 0}),
                                                            Pair("/dev/sdc", Place{Bus::kSata, 0, 0, 3, 0x1F, 2})));
}

TEST(MachineQ35, HasItsSerialNumbersInSysfs) {
  Machine machine("q35");
  const auto serial = [&](const char* name) { return machine.disk(name).address->serial.value_or(""); };
  EXPECT_EQ(serial("/dev/vdc"), "VIRTIO-1");
  EXPECT_EQ(serial("/dev/sda"), "SCSI-A");
  EXPECT_EQ(serial("/dev/sdb"), "SCSI-B");
  EXPECT_EQ(serial("/dev/nvme0n1"), "QEMU_NVMe_Ctrl_NVME-1");
  EXPECT_EQ(serial("/dev/sdc"), "SATA-3");
}

TEST(MachineQ35, HasVolumesOnItsDisks) {
  Machine machine("q35");
  using Names = std::set<std::string>;
  EXPECT_THAT(machine.dependencies(), testing::AllOf(Contains(Pair("/dev/dm-0", Names{"/dev/sda", "/dev/sdb"})),
                                                     Contains(Pair("/dev/dm-1", Names{"/dev/sdd"})),
                                                     Contains(Pair("/dev/md0", Names{"/dev/nvme0n1p2", "/dev/sdc"})),
                                                     Contains(Pair("/dev/nvme0n1p2", Names{"/dev/nvme0n1"}))));
  EXPECT_EQ(machine.disk("/dev/dm-0").alias, "group-volume");
  EXPECT_EQ(machine.disk("/dev/dm-1").alias, "sealed");
}

TEST(MachineQ35, HasItsFileSystemsOnDisks) {
  using Names = std::set<std::string>;
  EXPECT_THAT(Machine("q35").disks_of_file_systems(),
              UnorderedElementsAre(Pair("/", Names{"/dev/vda"}), Pair("/data/plain", Names{"/dev/vdc"}),
                                   Pair("/data/lvm", Names{"/dev/sda", "/dev/sdb"}),
                                   Pair("/data/md", Names{"/dev/nvme0n1p2", "/dev/sdc"}),
                                   Pair("/data/luks", Names{"/dev/sdd"}), Pair("/data/card", Names{"/dev/mmcblk0"})));
}

TEST(MachineQ35, CanBeFrozenWhole) {
  Machine machine("q35");
  machine->freezer().fail("freeze", "/data/card", EOPNOTSUPP);  // vfat, as that guest's kernel answers
  EXPECT_EQ(*fsfreeze_freeze(machine->context()), 5);
  EXPECT_EQ(machine->freezer().frozen(),
            (std::set<std::string>{"/", "/data/plain", "/data/lvm", "/data/md", "/data/luks"}));
  EXPECT_EQ(*fsfreeze_thaw(machine->context()), 5);
}

// Likewise, with the disks of the old board.
TEST(MachineI440fx, HasItsDisksWhereTheHostPutThem) {
  EXPECT_THAT(Machine("i440fx").places(), UnorderedElementsAre(Pair("/dev/vda", Place{Bus::kVirtio, 0, 0, 0, 3, 0}),
                                                               Pair("/dev/vdb", Place{Bus::kVirtio, 0, 0, 0, 4, 0}),
                                                               Pair("/dev/sda", Place{Bus::kIde, 1, 0, 1, 1, 1}),
                                                               Pair("/dev/sdb", Place{Bus::kScsi, 0, 0, 4, 0x11, 0})));
}

TEST(MachineI440fx, HasOneFileSystemThatCanBeFrozen) {
  Machine machine("i440fx");
  EXPECT_THAT(machine.disks_of_file_systems(), UnorderedElementsAre(Pair("/", std::set<std::string>{"/dev/vda"})));
  EXPECT_EQ(*fsfreeze_freeze(machine->context()), 1);
  EXPECT_EQ(machine->freezer().frozen(), std::set<std::string>{"/"});
  EXPECT_EQ(*fsfreeze_thaw(machine->context()), 1);
}

}  // namespace
}  // namespace guestd::commands
