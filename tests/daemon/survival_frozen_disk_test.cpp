// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// Commands that block in the kernel, on a file system of our own that is frozen: a write waits until the thaw. Needs
/// root, a loop device and mkfs.ext4; nothing else on the machine is ever frozen.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;

/// An ext4 on a loop device that goes away with its last user. Thawed and unmounted whatever happens to the test.
class FreezableDisk {
 public:
  FreezableDisk() {
    if (::geteuid() != 0) return;
    const std::string image = folder_.file("image");
    const UniqueFd file(::open(image.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (::ftruncate(file.get(), 16 << 20) != 0) return;
    support::Process mkfs({"/sbin/mkfs.ext4", {"-q", "-O", "^has_journal", image}, {}, {}, ""});
    if (mkfs.wait() != support::Ending{true, 0} || !attach(file.get())) return;
    ::mkdir(mountpoint().c_str(), 0700);
    mounted_ = ::mount(device_.c_str(), mountpoint().c_str(), "ext4", 0, nullptr) == 0;
    if (!mounted_) return;
    directory_ = UniqueFd(::open(mountpoint().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    start_guard();
  }
  FreezableDisk(const FreezableDisk&) = delete;
  FreezableDisk& operator=(const FreezableDisk&) = delete;
  ~FreezableDisk() {
    thaw();
    alive_.reset();
    if (guard_ > 0) ::waitpid(guard_, nullptr, 0);
    directory_.reset();
    if (mounted_) ::umount2(mountpoint().c_str(), MNT_DETACH);
  }

  [[nodiscard]] bool usable() const { return directory_.valid(); }
  [[nodiscard]] std::string mountpoint() const { return folder_.file("mnt"); }
  [[nodiscard]] std::string file(const char* name) const { return mountpoint() + "/" + name; }
  bool freeze() {
    frozen_ = ::ioctl(directory_.get(), FIFREEZE, 0) == 0;
    return frozen_;
  }
  void thaw() {
    if (frozen_) ::ioctl(directory_.get(), FITHAW, 0);
    frozen_ = false;
  }

 private:
  bool attach(int file) {
    const UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    const int number = control.valid() ? ::ioctl(control.get(), LOOP_CTL_GET_FREE) : -1;
    if (number < 0) return false;
    device_ = "/dev/loop" + std::to_string(number);
    loop_ = UniqueFd(::open(device_.c_str(), O_RDWR | O_CLOEXEC));
    loop_config config{};
    config.fd = static_cast<__u32>(file);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    return loop_.valid() && ::ioctl(loop_.get(), LOOP_CONFIGURE, &config) == 0;
  }

  /// A process that thaws and unmounts when this one ends, however that happens: who waits for a frozen file system
  /// cannot be killed.
  void start_guard() {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    guard_ = ::fork();
    if (guard_ == 0) {
      ::close(ends[1]);
      ::setsid();
      char byte = 0;
      while (::read(ends[0], &byte, 1) > 0) {
      }
      ::ioctl(directory_.get(), FITHAW, 0);
      ::umount2(mountpoint().c_str(), MNT_DETACH);
      ::_exit(0);
    }
    ::close(ends[0]);
    alive_ = UniqueFd(ends[1]);
  }

  support::TempFolder folder_;
  std::string device_;
  UniqueFd loop_;
  UniqueFd directory_;
  UniqueFd alive_;
  pid_t guard_ = -1;
  bool mounted_ = false;
  bool frozen_ = false;
};

class SurvivalFrozenDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (!disk_.usable()) GTEST_SKIP() << "needs root and a loop device";
  }

  /// Before anything is destroyed: an agent that is blocked cannot be ended.
  void TearDown() override { disk_.thaw(); }

  /// A write of `client` that blocks until the thaw.
  void start_blocked_write(Client& client) {
    const auto handle = support::open_file(client, disk_.file("data"), "w");
    handle_ = std::to_string(handle);
    ASSERT_TRUE(disk_.freeze());
    ASSERT_TRUE(client.send(support::write_request(handle, 3000)));
    EXPECT_EQ(client.read_until_silence(200ms), "");
  }
  std::string on_handle(Client& client, const char* command) {
    return client.request(R"({"execute":"guest-file-)" + std::string(command) + R"(","arguments":{"handle":)" +
                          handle_ + "}}");
  }

  FreezableDisk disk_;
  Agent agent_;
  Client client_{agent_.socket()};
  std::string handle_;
};

TEST_F(SurvivalFrozenDisk, ASyncIsAnsweredOverABlockedCommandWhoseReplyNeverComes) {
  start_blocked_write(client_);
  EXPECT_TRUE(client_.sync(1, 2s));
  EXPECT_EQ(client_.request(R"({"execute":"guest-ping"})", 2s), R"({"return": {}})");
  ASSERT_TRUE(client_.send("\xFF{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":2}}\n"));
  EXPECT_EQ(client_.read_line(2s), "\xFF{\"return\": 2}\n");
  disk_.thaw();
  EXPECT_EQ(client_.read_until_silence(500ms), "") << "the reply of a command that was given up";
  EXPECT_EQ(on_handle(client_, "close"), R"({"return": {}})");
  EXPECT_EQ(support::slurp(disk_.file("data")).size(), 3000U) << "its effect goes on";
}

TEST_F(SurvivalFrozenDisk, WithoutASyncTheReplyComesInOrderAfterTheThaw) {
  start_blocked_write(client_);
  ASSERT_TRUE(client_.send("{\"execute\":\"guest-ping\"}\n"));
  EXPECT_EQ(client_.read_until_silence(300ms), "");
  disk_.thaw();
  EXPECT_EQ(client_.read_line(), "{\"return\": {\"count\": 3000, \"eof\": false}}\n");
  EXPECT_EQ(client_.read_line(), "{\"return\": {}}\n");
}

TEST_F(SurvivalFrozenDisk, ASyncDropsWhatWasQueuedBeforeIt) {
  start_blocked_write(client_);
  const std::string victim = agent_.folder().file("never");
  ASSERT_TRUE(client_.send(R"({"execute":"guest-file-open","arguments":{"path":")" + victim + R"(","mode":"w"}})"));
  EXPECT_TRUE(client_.sync(3, 2s));
  disk_.thaw();
  EXPECT_EQ(client_.read_until_silence(500ms), "");
  EXPECT_NE(::access(victim.c_str(), F_OK), 0) << "a request that was given up before its start ran nevertheless";
}

TEST_F(SurvivalFrozenDisk, OtherClientsAreServedMeanwhile) {
  start_blocked_write(client_);
  const std::string path = agent_.folder().write("other", "ABC");
  Client other(agent_.socket());
  EXPECT_TRUE(other.sync(1, 2s));
  const auto handle = std::to_string(support::open_file(other, path, "r"));
  EXPECT_EQ(other.request(R"({"execute":"guest-file-read","arguments":{"handle":)" + handle + "}}", 2s),
            R"({"return": {"count": 3, "buf-b64": "QUJD", "eof": true}})");
}

TEST_F(SurvivalFrozenDisk, CallsOnTheHandleOfAGivenUpCommandWaitForIt) {
  start_blocked_write(client_);
  EXPECT_TRUE(client_.sync(1, 2s));
  ASSERT_TRUE(client_.send(R"({"execute":"guest-file-flush","arguments":{"handle":)" + handle_ + "}}\n"));
  EXPECT_EQ(client_.read_until_silence(300ms), "");
  disk_.thaw();
  EXPECT_EQ(client_.read_line(), "{\"return\": {}}\n");
}

TEST_F(SurvivalFrozenDisk, ManyGivenUpCommandsDoNotMakeItDeaf) {
  start_blocked_write(client_);
  for (int i = 0; i < 40; ++i) {
    // Not on the same handle, so that each of them would take a thread of its own.
    ASSERT_TRUE(client_.send(R"({"execute":"guest-file-open","arguments":{"path":")" + disk_.file("new") +
                             std::to_string(i) + "\",\"mode\":\"w\"}}\n"));
    support::sleep_for(10ms);
    ASSERT_TRUE(client_.send(R"({"execute":"guest-sync","arguments":{"id":)" + std::to_string(i) + "}}\n"));
    // From some number on the command is refused, which is said before.
    std::string line = client_.read_line(2s);
    if (line.starts_with(R"({"error": )")) line = client_.read_line(2s);
    ASSERT_EQ(line, "{\"return\": " + std::to_string(i) + "}\n");
  }
  EXPECT_LE(support::threads_of(agent_.pid()), 24U);
  EXPECT_EQ(client_.request(R"({"execute":"guest-ping"})", 2s), R"({"return": {}})");
  disk_.thaw();
  EXPECT_TRUE(support::eventually([this] { return support::threads_of(agent_.pid()) == 1; }));
}

TEST_F(SurvivalFrozenDisk, AClientThatLeavesItsBlockedCommandFreesItsPlace) {
  start_blocked_write(client_);
  client_.close();
  for (int i = 0; i < 20; ++i) {
    Client next(agent_.socket());
    ASSERT_TRUE(next.sync(i, 2s));
  }
}

TEST_F(SurvivalFrozenDisk, EndsOnSigtermWhileACommandIsBlocked) {
  start_blocked_write(client_);
  agent_.process().signal(SIGTERM);
  // The blocked thread cannot be ended before the thaw, so that only the decision to end can be asked for here.
  support::sleep_for(500ms);
  disk_.thaw();
  EXPECT_EQ(agent_.process().wait(), (support::Ending{true, 0}));
}

}  // namespace
}  // namespace guestd
