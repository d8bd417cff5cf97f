// SPDX-License-Identifier: Apache-2.0
#include "platform/device_database.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/agent.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

TEST(DeviceDatabase, KnowsNothingOfADeviceThatIsNotThere) {
  EXPECT_EQ(device_database()->property({4095, 1}, "ID_SERIAL"), std::nullopt);
}

constexpr std::string_view kDisk =
    "P: /devices/pci0000:00/0000:00:05.0/virtio1/block/vdm\n"
    "N: vdm\n"
    "E: DEVNAME=/dev/vdm\n"
    "E: DEVTYPE=disk\n"
    "E: MAJOR=254\n"
    "E: MINOR=200\n"
    "E: SUBSYSTEM=block\n"
    "E: ID_SERIAL=from-udev\n"
    "E: ID_MODEL=\n"
    "A: dev=254:200\n"
    "A: size=2048\n";

/// Runs in a process of its own, which the test below starts with umockdev's disk.
TEST(DeviceDatabase, DISABLED_OfUmockdev) {
  const auto database = device_database();
  EXPECT_EQ(database->property({254, 200}, "ID_SERIAL"), "from-udev");
  EXPECT_EQ(database->property({254, 200}, "ID_MODEL"), std::nullopt) << "an empty one says nothing";
  EXPECT_EQ(database->property({254, 200}, "ID_WWN"), std::nullopt);
  EXPECT_EQ(database->property({254, 201}, "ID_SERIAL"), std::nullopt);
}

TEST(DeviceDatabase, GivesThePropertiesThatUdevHasWrittenDown) {
#if !defined(GUESTD_HAS_UDEV)
  GTEST_SKIP() << "built without libudev";
#else
  if (support::kSanitized) GTEST_SKIP() << "two libraries that want to be loaded first";
  if (::access("/usr/bin/umockdev-run", X_OK) != 0) GTEST_SKIP() << "no umockdev here";
  const support::TempDir folder;
  const std::string disk = folder.write("disk.umockdev", kDisk);
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = "umockdev-run --device '" + disk + "' -- '" + self +
                              "' --gtest_also_run_disabled_tests --gtest_filter=DeviceDatabase.DISABLED_OfUmockdev";
  EXPECT_EQ(std::system(command.c_str()), 0);
#endif
}

}  // namespace
}  // namespace guestd::platform
