// SPDX-License-Identifier: Apache-2.0
#include "commands/disk_address.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace guestd::commands {
namespace {

TEST(DiskAddress, CarriesEverythingThatIsKnown) {
  platform::DiskAddress address;
  address.pci = {1, 2, 3, 4};
  address.ccw = platform::CcwAddress{5, 6, 7, 8};
  address.type = platform::DiskBus::kScsi;
  address.bus = 9;
  address.target = 10;
  address.unit = 11;
  address.serial = "S1";
  address.node = "/dev/sda";
  const GuestDiskAddress result = disk_address(address);
  EXPECT_EQ(result.pci_controller.domain, 1);
  EXPECT_EQ(result.pci_controller.bus, 2);
  EXPECT_EQ(result.pci_controller.slot, 3);
  EXPECT_EQ(result.pci_controller.function, 4);
  EXPECT_EQ(result.ccw_address->cssid, 5);
  EXPECT_EQ(result.ccw_address->ssid, 6);
  EXPECT_EQ(result.ccw_address->subchno, 7);
  EXPECT_EQ(result.ccw_address->devno, 8);
  EXPECT_EQ(result.bus_type, GuestDiskBusType::kScsi);
  EXPECT_EQ(result.bus, 9);
  EXPECT_EQ(result.target, 10);
  EXPECT_EQ(result.unit, 11);
  EXPECT_EQ(result.serial, "S1");
  EXPECT_EQ(result.dev, "/dev/sda");
}

TEST(DiskAddress, HasNumbersAlsoWhereNothingIsKnown) {
  const GuestDiskAddress result = disk_address({});
  EXPECT_EQ(result.pci_controller.domain, -1);
  EXPECT_EQ(result.pci_controller.bus, -1);
  EXPECT_EQ(result.pci_controller.slot, -1);
  EXPECT_EQ(result.pci_controller.function, -1);
  EXPECT_EQ(result.bus_type, GuestDiskBusType::kUnknown);
  EXPECT_EQ(result.bus, 0);
  EXPECT_EQ(result.serial, std::nullopt);
  EXPECT_EQ(result.dev, std::nullopt);
  EXPECT_FALSE(result.ccw_address.has_value());
}

TEST(DiskAddress, NamesEveryKindOfBus) {
  using platform::DiskBus;
  const auto name = [](DiskBus bus) {
    platform::DiskAddress address;
    address.type = bus;
    return to_string(disk_address(address).bus_type);
  };
  EXPECT_EQ(name(DiskBus::kFloppy), "fdc");
  EXPECT_EQ(name(DiskBus::kIde), "ide");
  EXPECT_EQ(name(DiskBus::kSata), "sata");
  EXPECT_EQ(name(DiskBus::kSas), "sas");
  EXPECT_EQ(name(DiskBus::kIscsi), "iscsi");
  EXPECT_EQ(name(DiskBus::kFibre), "fibre");
  EXPECT_EQ(name(DiskBus::kRaid), "raid");
  EXPECT_EQ(name(DiskBus::kUsb), "usb");
  EXPECT_EQ(name(DiskBus::kVirtio), "virtio");
  EXPECT_EQ(name(DiskBus::kXen), "xen");
  EXPECT_EQ(name(DiskBus::kNvme), "nvme");
  EXPECT_EQ(name(DiskBus::kMmc), "mmc");
  EXPECT_EQ(name(DiskBus::kSd), "sd");
}

}  // namespace
}  // namespace guestd::commands
