// SPDX-License-Identifier: Apache-2.0
#include "tests/support/disks.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "platform/trim.hpp"
#include "tests/support/client.hpp"

/// Storage as it is: file systems on loop devices, in mounts of our own. Needs root, loop devices and the programs
/// that make file systems; skipped without them.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;
using support::LoopDisk;
using support::Mounted;

constexpr std::size_t kMiB = std::size_t{1} << 20U;
constexpr std::string_view kFsinfo = R"({"execute":"guest-get-fsinfo"})";
constexpr std::string_view kDisks = R"({"execute":"guest-get-disks"})";

class RealDisks : public testing::Test {
 protected:
  static void SetUpTestSuite() { allowed_ = ::geteuid() == 0 && support::enter_private_mounts(); }

  void SetUp() override {
    if (!allowed_) GTEST_SKIP() << "may not have mounts of its own";
  }

  /// A new disk with a file system of this type, mounted at a folder of that name. Not usable where that cannot be
  /// made here.
  Mounted add(const std::string& type, std::size_t size_bytes, const std::string& folder) {
    disks_.emplace_back(folder_.file(folder + ".image"), size_bytes);
    if (!disks_.back().usable() || !support::run_tool("mkfs." + type, {"-q", disks_.back().node()})) return {};
    return {disks_.back().node(), folder_.file(folder), type};
  }
  [[nodiscard]] const LoopDisk& disk() const { return disks_.back(); }
  [[nodiscard]] const support::TempFolder& folder() const { return folder_; }

  static Agent agent_of(const std::string& binary) {
    Agent::Options options;
    options.binary = binary;
    return Agent(std::move(options));
  }
  static std::string ask(const std::string& binary, std::string_view request) {
    const Agent agent = agent_of(binary);
    return Client(agent.socket()).request(request);
  }
  /// What get-fsinfo has to say, by statvfs(3).
  static std::string entry(const std::string& name, const std::string& folder, const std::string& type) {
    struct statvfs status {};
    EXPECT_EQ(::statvfs(folder.c_str(), &status), 0);
    const auto used = status.f_blocks - status.f_bfree;
    const auto text = [&](auto blocks) { return std::to_string(blocks * status.f_frsize); };
    return R"({"name": ")" + name + R"(", "total-bytes": )" + text(used + status.f_bavail) +
           R"(, "total-bytes-privileged": )" + text(status.f_blocks) + R"(, "mountpoint": ")" + folder +
           R"(", "disk": [], "used-bytes": )" + text(used) + R"(, "type": ")" + type + "\"}";
  }

 private:
  inline static bool allowed_ = false;

  support::TempFolder folder_;
  std::vector<LoopDisk> disks_;
};

/// The peer may be from before 9.1.
std::string without_privileged(std::string reply) {
  constexpr std::string_view kName = R"("total-bytes-privileged": )";
  for (auto at = reply.find(kName); at != std::string::npos; at = reply.find(kName)) {
    reply.erase(at, reply.find(", ", at) + 2 - at);
  }
  return reply;
}

TEST_F(RealDisks, AreToldAsTheKernelAndThePeerTellThem) {
  int tried = 0;
  for (const auto& [type, size] :
       {std::pair("ext4", 16 * kMiB), std::pair("xfs", 320 * kMiB), std::pair("btrfs", 128 * kMiB)}) {
    const Mounted mounted = add(type, size, type);
    if (!mounted.usable()) continue;
    ++tried;
    const std::string expected = entry(disk().name(), mounted.folder(), type);
    EXPECT_NE(ask(support::agent_binary(), kFsinfo).find(expected), std::string::npos) << expected;
    const std::string listed = R"({"name": ")" + disk().node() + R"(", "dependencies": [], "partition": false})";
    EXPECT_NE(ask(support::agent_binary(), kDisks).find(listed), std::string::npos) << listed;
    if (support::peer_binary().empty()) continue;
    const std::string peer = without_privileged(ask(support::peer_binary(), kFsinfo));
    EXPECT_NE(peer.find(without_privileged(expected)), std::string::npos) << peer;
  }
  if (tried == 0) GTEST_SKIP() << "no file system can be made here";
}

TEST_F(RealDisks, WithASquashfsTellItsTrueSize) {
  const std::string image = folder().file("squash.image");
  if (!support::run_tool("mksquashfs", {"/etc/init.d", image, "-quiet", "-no-progress"})) GTEST_SKIP() << "no tool";
  const LoopDisk disk(image, std::filesystem::file_size(image));
  const Mounted mounted(disk.node(), folder().file("squash"), "squashfs");
  if (!mounted.usable()) GTEST_SKIP() << "this kernel has no squashfs";
  const std::string expected = entry(disk.name(), mounted.folder(), "squashfs");
  EXPECT_NE(ask(support::agent_binary(), kFsinfo).find(expected), std::string::npos) << expected;
}

TEST_F(RealDisks, AreToldOnceAndNotByABindMount) {
  const Mounted mounted = add("ext4", 16 * kMiB, "whole");
  if (!mounted.usable()) GTEST_SKIP() << "no ext4 can be made here";
  const std::string part = mounted.folder() + "/part";
  std::filesystem::create_directory(part);
  std::filesystem::create_directory(folder().file("bound"));
  ASSERT_EQ(::mount(part.c_str(), folder().file("bound").c_str(), nullptr, MS_BIND, nullptr), 0);
  const std::string reply = ask(support::agent_binary(), kFsinfo);
  EXPECT_EQ(::umount(folder().file("bound").c_str()), 0);
  EXPECT_NE(reply.find(mounted.folder()), std::string::npos);
  EXPECT_EQ(reply.find(folder().file("bound")), std::string::npos) << reply;
}

TEST_F(RealDisks, GiveBackWhatATrimFreesWholeOrInParts) {
  const Mounted mounted = add("ext4", 16 * kMiB, "trimmed");
  if (!mounted.usable()) GTEST_SKIP() << "no ext4 can be made here";
  platform::Mount mount;
  mount.mountpoint = mounted.folder();
  mount.type = "ext4";
  const auto trimmed = platform::trim_file_system(platform::SystemTrim(), mount, 0,
                                                  std::chrono::steady_clock::now() + support::kPatience);
  ASSERT_TRUE(trimmed) << trimmed.error().text;
  EXPECT_GT(trimmed->bytes, 8 * kMiB);
  EXPECT_LT(trimmed->bytes, 16 * kMiB);
}

/// A file system whose process never answers: its requests go to a descriptor that nobody reads.
TEST_F(RealDisks, AreToldAlthoughAFileSystemIsDead) {
  const Mounted healthy = add("ext4", 16 * kMiB, "healthy");
  const LoopDisk disk(folder().file("dead.image"), kMiB);
  UniqueFd fuse(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!healthy.usable() || !disk.usable() || !fuse.valid()) GTEST_SKIP() << "no loop devices, ext4 or FUSE here";
  const std::string options = "fd=" + std::to_string(fuse.get()) + ",rootmode=40000,user_id=0,group_id=0";
  const Mounted dead(disk.node(), folder().file("dead"), "fuseblk", options);
  if (!dead.usable()) GTEST_SKIP() << "this kernel has no fuseblk";

  const Agent agent;
  Client client(agent.socket());
  Client other(agent.socket());
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(client.send(std::string(kFsinfo) + "\n"));
  EXPECT_TRUE(other.sync()) << "the agent answers others meanwhile";
  const std::string reply = client.read_line();
  const auto first = std::chrono::steady_clock::now() - start;
  EXPECT_NE(reply.find(entry(this->disk().name(), healthy.folder(), "ext4")), std::string::npos) << reply;
  const std::string silent =
      R"({"name": ")" + disk.name() + R"(", "mountpoint": ")" + dead.folder() + R"(", "disk": [], "type": "fuseblk"})";
  EXPECT_NE(reply.find(silent), std::string::npos) << reply;
  const auto again = std::chrono::steady_clock::now();
  EXPECT_NE(client.request(kFsinfo).find(silent), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - again, first) << "nobody waits for it a second time";
  fuse.reset();  // whoever waits gets ENOTCONN
}

}  // namespace
}  // namespace guestd
