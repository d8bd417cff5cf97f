// SPDX-License-Identifier: Apache-2.0
#include "platform/virtio_ports.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

class VirtioPortsTest : public testing::Test {
 protected:
  /// As the kernel shows a port: a link from the class to the device, with the name in a file.
  void add_port(const std::string& port, std::string_view name_file) {
    const std::string device = "sys/devices/pci0000:00/0000:00:05.0/virtio1/virtio-ports/" + port;
    dir_.write(device + "/name", name_file);
    std::filesystem::create_directories(dir_ / "sys/class/virtio-ports");
    std::filesystem::create_directory_symlink("../../devices/pci0000:00/0000:00:05.0/virtio1/virtio-ports/" + port,
                                              dir_ / ("sys/class/virtio-ports/" + port));
  }
  std::string find(std::string_view name) {
    const auto node = find_virtio_port(*Root::at(dir_.str()), name);
    return node ? *node : "error: " + node.error().text;
  }

  support::TempDir dir_;
};

TEST_F(VirtioPortsTest, AreFoundByTheNameThatTheHostGaveThem) {
  add_port("vport1p1", "com.redhat.spice.0\n");
  add_port("vport1p2", "org.qemu.guest_agent.0\n");
  add_port("vport1p3", "org.qemu.guest_agent.01\n");
  EXPECT_EQ(find("org.qemu.guest_agent.0"), "/dev/vport1p2");
  EXPECT_EQ(find("org.qemu.guest_agent.01"), "/dev/vport1p3");
}

TEST_F(VirtioPortsTest, AreNotFoundByPartOfTheirName) {
  add_port("vport1p1", "org.qemu.guest_agent.0\n");
  EXPECT_EQ(find("org.qemu.guest_agent"), "");
  EXPECT_EQ(find("guest_agent.0"), "");
  EXPECT_EQ(find("vport1p1"), "");
}

TEST_F(VirtioPortsTest, AreFoundWhenTheNameHasNoNewline) {
  add_port("vport1p1", "org.qemu.guest_agent.0");
  EXPECT_EQ(find("org.qemu.guest_agent.0"), "/dev/vport1p1");
}

TEST_F(VirtioPortsTest, WithoutANameAreSkipped) {
  std::filesystem::create_directories(dir_ / "sys/class/virtio-ports/vport1p0");
  add_port("vport1p1", "org.qemu.guest_agent.0\n");
  EXPECT_EQ(find("org.qemu.guest_agent.0"), "/dev/vport1p1");
}

TEST_F(VirtioPortsTest, AreNoneOnAMachineWithoutThem) {
  EXPECT_EQ(find("org.qemu.guest_agent.0"), "");
  std::filesystem::create_directories(dir_ / "sys/class/virtio-ports");
  EXPECT_EQ(find("org.qemu.guest_agent.0"), "");
}

TEST_F(VirtioPortsTest, CannotBeListedWhereTheFolderIsNone) {
  dir_.write("sys/class/virtio-ports", "");
  EXPECT_EQ(find("org.qemu.guest_agent.0").substr(0, 7), "error: ");
}

TEST(VirtioPortEventsTest, AreReportedOrSaidToBeMissing) {
  auto events = watch_virtio_ports();
  if (!events) {
    EXPECT_FALSE(events.error().text.empty());
    return;
  }
  EXPECT_GE((*events)->fd(), 0);
  EXPECT_FALSE((*events)->drain()) << "no port comes or goes during this test";
}

}  // namespace
}  // namespace guestd::platform
