// SPDX-License-Identifier: Apache-2.0
#include "platform/block_devices.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "tests/support/block_tree.hpp"
#include "tests/support/fake_disks.hpp"

namespace guestd::platform {
namespace {

/// Trees as kernels show them, cut down to what matters.
class DiskPlaces : public testing::Test {
 protected:
  /// The address of a disk at `path` behind a controller at `controller` with this driver ("": none).
  DiskAddress address(const std::string& controller, const std::string& driver, const std::string& path) {
    if (!driver.empty()) tree_.driver(controller, driver);
    const std::string disk = controller + "/" + path;
    tree_.disk(disk, "8:" + std::to_string(minor_++));
    return address_in_sysfs(fixture_.root(), *block_device_named(fixture_.root(), disk.substr(disk.rfind('/') + 1)));
  }
  DiskAddress pci(const std::string& driver, const std::string& path) { return address(kSlot5, driver, path); }

  static constexpr const char* kSlot5 = "pci0000:00/0000:00:05.0";
  static constexpr PciAddress kAtSlot5{0, 0, 5, 0};

  support::FixtureRoot fixture_;
  support::BlockTree tree_{fixture_};
  int minor_ = 0;
};

using Numbers = std::array<std::uint64_t, 3>;

Numbers numbers(const DiskAddress& address) { return {address.bus, address.target, address.unit}; }

TEST_F(DiskPlaces, OfVirtioBlk) {
  const DiskAddress found = pci("virtio-pci", "virtio1/block/vda");
  EXPECT_EQ(found.type, DiskBus::kVirtio);
  EXPECT_EQ(found.pci, kAtSlot5);
  EXPECT_EQ(numbers(found), (Numbers{0, 0, 0}));
  EXPECT_FALSE(found.ccw);
}

TEST_F(DiskPlaces, BehindABridgeAreThoseOfTheController) {
  const DiskAddress found = address("pci0001:80/0001:80:1c.3/0001:8a:1f.7", "virtio-pci", "virtio4/block/vdb");
  EXPECT_EQ(found.pci, (PciAddress{1, 0x8a, 0x1f, 7}));
}

TEST_F(DiskPlaces, OfVirtioScsiHaveChannelTargetAndLun) {
  const DiskAddress found = pci("virtio-pci", "virtio2/host6/target6:1:3/6:1:3:2/block/sda");
  EXPECT_EQ(found.type, DiskBus::kScsi);
  EXPECT_EQ(found.pci, kAtSlot5);
  EXPECT_EQ(numbers(found), (Numbers{1, 3, 2}));
}

TEST_F(DiskPlaces, HaveTheLunThatTheHostGave) {
  EXPECT_EQ(pci("virtio-pci", "virtio2/host6/target6:0:0/6:0:0:16640/block/sda").unit, 256U);
}

TEST_F(DiskPlaces, OfVirtioWithoutPci) {
  const DiskAddress found = address("platform/a003e00.virtio_mmio", "", "virtio3/block/vda");
  EXPECT_EQ(found.type, DiskBus::kVirtio);
  EXPECT_EQ(found.pci, (PciAddress{-1, -1, -1, -1}));
}

TEST_F(DiskPlaces, OfIdeHaveChannelAndPlace) {
  tree_.attribute(kSlot5 + std::string("/ata1/host0/x"), "");
  const DiskAddress found = pci("ata_piix", "ata2/host1/target1:0:1/1:0:1:0/block/sdb");
  EXPECT_EQ(found.type, DiskBus::kIde);
  EXPECT_EQ(numbers(found), (Numbers{1, 0, 1}));
}

TEST_F(DiskPlaces, OfIdeInOldKernelsAreCountedByHosts) {
  tree_.attribute(kSlot5 + std::string("/host4/x"), "");
  const DiskAddress found = pci("ata_piix", "host5/target5:0:0/5:0:0:0/block/sda");
  EXPECT_EQ(found.type, DiskBus::kIde);
  EXPECT_EQ(numbers(found), (Numbers{1, 0, 0}));
}

TEST_F(DiskPlaces, OfSataHaveThePortOfTheirController) {
  for (const char* other : {"ata3", "ata4", "ata10"}) tree_.attribute(kSlot5 + std::string("/") + other + "/x", "");
  const DiskAddress found = pci("ahci", "ata5/host4/target4:0:0/4:0:0:0/block/sda");
  EXPECT_EQ(found.type, DiskBus::kSata);
  EXPECT_EQ(numbers(found), (Numbers{0, 0, 2}));
}

TEST_F(DiskPlaces, OfLsiHaveTheTargetAsUnit) {
  const DiskAddress found = pci("sym53c8xx", "host2/target2:0:4/2:0:4:0/block/sda");
  EXPECT_EQ(found.type, DiskBus::kScsi);
  EXPECT_EQ(numbers(found), (Numbers{0, 0, 4}));
}

TEST_F(DiskPlaces, OfOtherScsiCarriersTellTheirKind) {
  EXPECT_EQ(pci("vmw_pvscsi", "host2/target2:0:4/2:0:4:1/block/sda").type, DiskBus::kScsi);
  EXPECT_EQ(pci("mpt3sas", "host3/port-3:0/end_device-3:0/target3:0:0/3:0:0:0/block/sdb").type, DiskBus::kSas);
  EXPECT_EQ(pci("qla2xxx", "host4/rport-4:0-1/target4:0:0/4:0:0:0/block/sdc").type, DiskBus::kFibre);
  EXPECT_EQ(address("platform/host5", "", "session1/target5:0:0/5:0:0:1/block/sdd").type, DiskBus::kIscsi);
}

TEST_F(DiskPlaces, OfARaidControllerSaySo) {
  EXPECT_EQ(pci("megaraid_sas", "host2/target2:2:0/2:2:0:0/block/sda").type, DiskBus::kRaid);
}

TEST_F(DiskPlaces, OfNvme) {
  const DiskAddress found = pci("nvme", "nvme/nvme0/nvme0n1");
  EXPECT_EQ(found.type, DiskBus::kNvme);
  EXPECT_EQ(found.pci, kAtSlot5);
}

TEST_F(DiskPlaces, OfNvmeWithSeveralControllersAreThoseOfTheFirst) {
  tree_.driver(kSlot5, "nvme");
  tree_.attribute(kSlot5 + std::string("/nvme/nvme3/model"), "x");
  tree_.link("devices/virtual/nvme-subsystem/nvme-subsys0/nvme3", kSlot5 + std::string("/nvme/nvme3"));
  tree_.disk("virtual/nvme-subsystem/nvme-subsys0/nvme3n1", "259:0");
  const auto disk = block_device_named(fixture_.root(), "nvme3n1");
  const DiskAddress found = address_in_sysfs(fixture_.root(), *disk);
  EXPECT_FALSE(disk->is_virtual());
  EXPECT_EQ(found.type, DiskBus::kNvme);
  EXPECT_EQ(found.pci, kAtSlot5);
}

TEST_F(DiskPlaces, OfUsb) {
  const DiskAddress found = pci("xhci_hcd", "usb2/2-1/2-1:1.0/host7/target7:0:0/7:0:0:0/block/sdc");
  EXPECT_EQ(found.type, DiskBus::kUsb);
  EXPECT_EQ(found.pci, kAtSlot5);
  EXPECT_EQ(numbers(found), (Numbers{0, 0, 0}));
}

TEST_F(DiskPlaces, OfCardsTellWhatKindOfCard) {
  const std::string host = "platform/3f300000.mmc/mmc_host/mmc0";
  tree_.attribute(host + "/mmc0:0001/type", "SD");
  tree_.attribute(host + "/mmc0:0002/type", "MMC");
  for (const auto* card : {"1", "2"}) {
    const std::string device = host + "/mmc0:000" + card;
    tree_.link("devices/" + device + "/block/mmcblk" + card + "/device", device);
  }
  EXPECT_EQ(address(host, "", "mmc0:0001/block/mmcblk1").type, DiskBus::kSd);
  EXPECT_EQ(address(host, "", "mmc0:0002/block/mmcblk2").type, DiskBus::kMmc);
}

TEST_F(DiskPlaces, OfXenAndFloppy) {
  EXPECT_EQ(address("vbd-51712", "", "block/xvda").type, DiskBus::kXen);
  EXPECT_EQ(address("platform/floppy.0", "", "block/fd0").type, DiskBus::kFloppy);
  EXPECT_EQ(address("LNXSYSTM:00/ndbus0/region0/namespace0.0", "", "block/pmem0").type, DiskBus::kUnknown);
}

TEST_F(DiskPlaces, OnIbmZHaveSubchannelAndDevice) {
  const DiskAddress block = address("css0/0.1.000a/0.1.1f00", "", "virtio2/block/vda");
  EXPECT_EQ(block.type, DiskBus::kVirtio);
  EXPECT_EQ(block.ccw, (CcwAddress{0, 1, 0xa, 0x1f00}));
  const DiskAddress scsi = address("css0/0.0.0003/0.0.0002", "", "virtio1/host0/target0:0:5/0:0:5:7/block/sda");
  EXPECT_EQ(scsi.type, DiskBus::kScsi);
  EXPECT_EQ(numbers(scsi), (Numbers{0, 5, 7}));
  EXPECT_EQ(scsi.pci, PciAddress{});
}

TEST_F(DiskPlaces, SurviveAControllerWithoutDriver) {
  EXPECT_EQ(pci("", "host0/target0:0:0/0:0:0:0/block/sda").type, DiskBus::kScsi);
  EXPECT_EQ(pci("", "block/weird").type, DiskBus::kUnknown);
}

constexpr const char* kDisk = "pci0000:00/0000:00:05.0/virtio1/block/vda";

class DiskFacts : public testing::Test {
 protected:
  DiskFacts() {
    tree_.disk(kDisk, "254:0");
    tree_.partition(kDisk, "vda1", "254:1");
  }
  Root root() { return fixture_.root(); }
  std::string serial(const std::string& name) { return serials_->serial(root(), *block_device_named(root(), name)); }

  support::FixtureRoot fixture_;
  support::BlockTree tree_{fixture_};
  std::shared_ptr<support::DiskScript> script_ = std::make_shared<support::DiskScript>();
  support::FakeDatabase database_{script_};
  std::shared_ptr<const SerialSource> serials_ = std::make_shared<const SysfsSerials>();
  InTime in_time_;
};

TEST_F(DiskFacts, IncludeTheSerialNumberOfEachKind) {
  tree_.attribute(std::string(kDisk) + "/serial", "my disk");
  EXPECT_EQ(serial("vda"), "my_disk");
  tree_.disk("pci0000:00/0000:00:06.0/nvme/nvme0/nvme0n1", "259:0");
  tree_.link("devices/pci0000:00/0000:00:06.0/nvme/nvme0/nvme0n1/device", "pci0000:00/0000:00:06.0/nvme/nvme0");
  tree_.attribute("pci0000:00/0000:00:06.0/nvme/nvme0/serial", "deadbeef            ");
  tree_.attribute("pci0000:00/0000:00:06.0/nvme/nvme0/model", "QEMU NVMe Ctrl      ");
  EXPECT_EQ(serial("nvme0n1"), "QEMU_NVMe_Ctrl_deadbeef");
  tree_.disk("x/0:0:0:0/block/sda", "8:0");
  tree_.link("devices/x/0:0:0:0/block/sda/device", "x/0:0:0:0");
  fixture_.dir().write("sys/devices/x/0:0:0:0/vpd_pg80", std::string("\0\x80\0\x06 S 1 \0", 11));
  EXPECT_EQ(serial("sda"), "S 1");
  fixture_.dir().write("sys/devices/x/0:0:0:0/vpd_pg80", "\1\2\3");
  EXPECT_EQ(serial("sda"), "");
}

TEST_F(DiskFacts, PreferWhatUdevSays) {
  tree_.attribute(std::string(kDisk) + "/serial", "from-sysfs");
  const Root here = root();
  DiskAddresses first(here, database_, serials_, in_time_);
  EXPECT_EQ(first.of(*block_device_named(here, "vda")).serial, "from-sysfs");
  script_->properties[{"254:0", "ID_SERIAL"}] = "from-udev";
  DiskAddresses addresses(here, database_, serials_, in_time_);
  const DiskAddress address = addresses.of(*block_device_named(here, "vda1"));
  EXPECT_EQ(address.serial, "from-udev");
  EXPECT_EQ(address.node, "/dev/vda1");
  EXPECT_EQ(address.type, DiskBus::kVirtio);
  script_->properties.clear();
  EXPECT_EQ(addresses.of(*block_device_named(here, "vda")).serial, "from-udev") << "asked once for each disk";
}

// A virtio disk is asked anew each time, and one whose device has died never answers.
TEST_F(DiskFacts, OfADeadDiskCostOnlyItsOwnSerialNumber) {
  using namespace std::chrono_literals;
  tree_.attribute(std::string(kDisk) + "/serial", "dead");
  const std::string other = "pci0000:00/0000:00:06.0/virtio2/block/vdb";
  tree_.disk(other, "254:16");
  tree_.attribute(other + "/serial", "alive");
  script_->dead.insert("/dev/vda");
  const std::shared_ptr<const SerialSource> serials = std::make_shared<support::FakeSerials>(script_);
  InTime in_time({300ms, 20ms, 2});
  const Root here = root();
  DiskAddresses addresses(here, database_, serials, in_time);
  const auto vda = *block_device_named(here, "vda");
  const auto vdb = *block_device_named(here, "vdb");
  addresses.look_up({vda, vdb});
  EXPECT_EQ(addresses.of(vda).serial, "");
  EXPECT_EQ(addresses.of(vda).pci.slot, 5) << "what sysfs tells without the disk is told";
  EXPECT_EQ(addresses.of(vdb).serial, "alive");
  EXPECT_EQ(in_time.silent(), 1U);
  script_->silence->end();
}

TEST_F(DiskFacts, ListDisksThatHaveASize) {
  tree_.volume("loop0", "7:0");
  tree_.disk("virtual/block/loop1", "7:1", "0");
  const auto found = disks(root());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].name, "loop0");
  EXPECT_EQ((*found)[1].name, "vda");
  EXPECT_EQ(disks(support::FixtureRoot().root()).error().errno_value, ENOENT);
}

TEST_F(DiskFacts, KnowTheNamesOfVolumes) {
  tree_.volume("dm-0", "253:0");
  tree_.attribute("virtual/block/dm-0/dm/name", "vg0-root");
  EXPECT_EQ(volume_name(root(), *block_device_named(root(), "dm-0")), "vg0-root");
  EXPECT_EQ(volume_name(root(), *block_device_named(root(), "vda")), std::nullopt);
}

}  // namespace
}  // namespace guestd::platform
