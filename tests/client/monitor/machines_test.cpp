// SPDX-License-Identifier: Apache-2.0
#include "client/lib/machines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::client {
namespace {

Machine parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "qemu-system-x86_64");
  return parse_qemu_arguments(arguments);
}

TEST(QemuArguments, TellNameSocketAndMonitor) {
  const Machine machine = parse(
      {"-name", "guest=web,debug-threads=on", "-uuid", "1-2", "-S", "-chardev",
       "socket,id=qga0,path=/run/web.qga,server=on,wait=off", "-device", "virtio-serial-pci,id=vs", "-device",
       "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0,id=port0", "-qmp", "unix:/run/web.qmp,server,nowait"});
  EXPECT_EQ(machine.name, "web");
  EXPECT_EQ(machine.uuid, "1-2");
  ASSERT_TRUE(machine.agent);
  EXPECT_EQ(machine.agent->socket, "/run/web.qga");
  EXPECT_EQ(machine.agent->chardev, "qga0");
  EXPECT_EQ(machine.agent->device, "port0");
  EXPECT_EQ(machine.monitor, "/run/web.qmp");
}

// As Proxmox VE 8 starts it: a second monitor is a client, not a server.
TEST(QemuArguments, OfProxmoxHaveTwoMonitors) {
  const Machine machine = parse(
      {"-id", "101", "-name", "db,debug-threads=on", "-chardev",
       "socket,id=qmp-event,path=/var/run/qmeventd.sock,reconnect=5", "-mon", "chardev=qmp-event,mode=control",
       "-chardev", "socket,id=qmp,path=/var/run/qemu-server/101.qmp,server=on,wait=off", "-mon",
       "chardev=qmp,mode=control", "-chardev", "socket,path=/var/run/qemu-server/101.qga,server=on,wait=off,id=qga0",
       "-device", "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0"});
  EXPECT_EQ(machine.name, "db");
  EXPECT_EQ(machine.monitor, "/var/run/qemu-server/101.qmp");
  EXPECT_EQ(machine.agent->socket, "/var/run/qemu-server/101.qga");
}

// As libvirt 9 starts it: devices in JSON, sockets as descriptors.
TEST(QemuArguments, OfLibvirtNameNoSockets) {
  const Machine machine =
      parse({"-name", "guest=web,debug-threads=on", "-chardev", "socket,id=charmonitor,fd=26,server=on,wait=off",
             "-mon", "chardev=charmonitor,id=monitor,mode=control", "-chardev",
             "socket,id=charchannel0,fd=25,server=on,wait=off", "-device",
             R"({"driver":"virtserialport","bus":"virtio-serial0.0","nr":1,"chardev":"charchannel0","id":"channel0",)"
             R"("name":"org.qemu.guest_agent.0"})"});
  ASSERT_TRUE(machine.agent);
  EXPECT_EQ(machine.agent->socket, "");
  EXPECT_EQ(machine.agent->device, "channel0");
  EXPECT_EQ(machine.monitor, "");
}

TEST(QemuArguments, TakeDoubledCommasAndOtherPorts) {
  const Machine machine = parse({"--chardev", "socket,id=a,path=/run/x,,y,server=on", "--device",
                                 "virtserialport,chardev=z,name=org.qemu.spice.0", "--device",
                                 "virtserialport,chardev=a,name=org.qemu.guest_agent.0"});
  EXPECT_EQ(machine.agent->socket, "/run/x,y");
  EXPECT_FALSE(parse({"-device", "virtserialport,name=org.qemu.spice.0"}).agent);
  EXPECT_FALSE(parse({"-device", "{broken"}).agent);
  EXPECT_EQ(parse({"-qmp", "tcp:localhost:4444,server=on"}).monitor, "");
  EXPECT_EQ(parse({"-name"}).name, "");
  EXPECT_EQ(parse_qemu_arguments({}).name, "");
}

class MachinesTest : public testing::Test {
 protected:
  void add_process(int pid, const std::vector<std::string>& arguments) {
    std::string text;
    for (const auto& each : arguments) text += each + '\0';
    root_.write("proc/" + std::to_string(pid) + "/cmdline", text);
  }
  void add_socket(const std::string& name) {
    const std::string path = root_ / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  [[nodiscard]] Machine only() const {
    const auto found = find_machines(root_.str());
    if (found.size() != 1) throw std::runtime_error(std::to_string(found.size()) + " machines");
    return found.front();
  }

  support::TempDir root_;
};

TEST_F(MachinesTest, AreFoundByTheirProcesses) {
  add_process(17, {"/usr/bin/qemu-system-x86_64", "-name", "web", "-qmp", "unix:run.qmp,server=on"});
  std::filesystem::create_directory_symlink("/srv/vm", root_ / "proc/17/cwd");
  add_process(18, {"bash"});
  add_process(19, {});
  root_.write("proc/self/cmdline", "qemu-kvm");
  const Machine machine = only();
  EXPECT_EQ(machine.name, "web");
  EXPECT_EQ(machine.pid, 17);
  EXPECT_EQ(machine.found_by, "process");
  EXPECT_EQ(machine.monitor, "/srv/vm/run.qmp");
}

TEST_F(MachinesTest, OfOtherUsersAreMarked) {
  add_process(17, {"qemu-system-x86_64", "-name", "mine"});
  EXPECT_FALSE(only().of_other_user);
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make files that belong to others";
  const std::string process = root_ / "proc/17";
  for (const uid_t owner : {1000U, 59999U}) {
    ASSERT_EQ(::chown(process.c_str(), owner, owner), 0);
    EXPECT_TRUE(only().of_other_user) << owner;
  }
  for (const uid_t owner : {64055U, 107U}) {  // libvirt-qemu of Debian, qemu of Fedora
    ASSERT_EQ(::chown(process.c_str(), owner, owner), 0);
    EXPECT_FALSE(only().of_other_user) << owner;
  }
}

TEST_F(MachinesTest, OfProxmoxAreFoundByTheirSockets) {
  add_socket("run/qemu-server/101.qga");
  add_socket("run/qemu-server/101.qmp");
  const Machine machine = only();
  EXPECT_EQ(machine.name, "101");
  EXPECT_EQ(machine.agent->socket, root_ / "run/qemu-server/101.qga");
  EXPECT_EQ(machine.monitor, root_ / "run/qemu-server/101.qmp");
  EXPECT_EQ(machine.found_by, "Proxmox VE");
}

TEST_F(MachinesTest, OfLibvirtGetTheSocketsOfTheirNames) {
  add_socket("run/libvirt/qemu/channel/2-web/org.qemu.guest_agent.0");
  std::filesystem::rename(root_ / "run/libvirt/qemu/channel/2-web", root_ / "run/libvirt/qemu/channel/domain-2-web");
  add_process(5, {"qemu-kvm", "-name", "guest=web", "-chardev", "socket,id=c,fd=3", "-device",
                  "virtserialport,chardev=c,name=org.qemu.guest_agent.0"});
  const Machine machine = only();
  EXPECT_EQ(machine.pid, 5);
  EXPECT_EQ(machine.agent->socket, root_ / "run/libvirt/qemu/channel/domain-2-web/org.qemu.guest_agent.0");
}

TEST_F(MachinesTest, AreNotListedTwice) {
  add_socket("run/qemu-server/7.qga");
  add_process(5, {"kvm", "-name", "db", "-chardev", "socket,id=c,server=on,path=" + (root_ / "run/qemu-server/7.qga"),
                  "-device", "virtserialport,chardev=c,name=org.qemu.guest_agent.0"});
  EXPECT_EQ(only().name, "db");
}

TEST_F(MachinesTest, ThatAreNoSocketsAreNone) {
  root_.write("run/qemu-server/9.qga", "a file");
  EXPECT_TRUE(find_machines(root_.str()).empty());
}

}  // namespace
}  // namespace guestd::client
