// SPDX-License-Identifier: Apache-2.0
#include "platform/file_system_usage.hpp"

#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace guestd::platform {
namespace {

using namespace std::chrono_literals;

/// Answers at once, but for mount points that begin with /dead until they are revived.
class FakeFileSystems final : public UsageSource {
 public:
  [[nodiscard]] Result<FileSystemUsage> usage(const std::string& mountpoint) const override {
    std::unique_lock lock(mutex_);
    ++asked_[mountpoint];
    if (mountpoint.starts_with("/dead")) revived_.wait(lock, [this] { return alive_; });
    if (mountpoint == "/broken") return Error::from_errno("cannot look at /broken", EIO);
    return FileSystemUsage{1, 2, 3};
  }
  void revive() {
    const std::lock_guard lock(mutex_);
    alive_ = true;
    revived_.notify_all();
  }
  [[nodiscard]] int times_asked(const std::string& mountpoint) const {
    const std::lock_guard lock(mutex_);
    return asked_[mountpoint];
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable revived_;
  mutable std::map<std::string, int> asked_;
  bool alive_ = false;
};

class Usages : public testing::Test {
 protected:
  ~Usages() override { source_->revive(); }

  std::shared_ptr<FakeFileSystems> source_ = std::make_shared<FakeFileSystems>();
  FileSystemUsages usages_{source_, {300ms, 20ms, 3}};
};

TEST_F(Usages, ComeInTheOrderOfTheQuestions) {
  const auto results = usages_.of({{1, "/a"}, {2, "/broken"}, {3, "/b"}});
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(*results[0], (FileSystemUsage{1, 2, 3}));
  EXPECT_EQ(results[1].error().text, "cannot look at /broken: Input/output error");
  EXPECT_TRUE(results[2]);
  EXPECT_TRUE(usages_.of({}).empty());
}

TEST_F(Usages, OfADeadFileSystemCostOnlyItsOwnEntry) {
  const auto results = usages_.of({{1, "/a"}, {2, "/dead"}, {3, "/b"}, {4, "/c"}});
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].error().text, "the file system at /dead does not answer: Connection timed out");
  EXPECT_TRUE(results[2]);
  EXPECT_TRUE(results[3]);
  EXPECT_EQ(usages_.silent(), 1U);
}

TEST_F(Usages, AreNotAskedOfAFileSystemThatHasNotAnsweredYet) {
  (void)usages_.of({{2, "/dead"}});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(usages_.of({{2, "/dead"}})[0]);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 250ms) << "nobody waits a second time";
  EXPECT_EQ(source_->times_asked("/dead"), 1);
  EXPECT_FALSE(usages_.of({{5, "/dead"}})[0]) << "another mount at the same place is asked";
  EXPECT_EQ(source_->times_asked("/dead"), 2);
}

TEST_F(Usages, AreAskedAgainOnceTheFileSystemHasAnswered) {
  (void)usages_.of({{2, "/dead"}});
  source_->revive();
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (usages_.silent() > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(usages_.silent(), 0U);
  EXPECT_TRUE(usages_.of({{2, "/dead"}})[0]);
}

TEST_F(Usages, NeedNoMoreThreadsThanAllowed) {
  std::vector<MountedAt> mounts;
  for (int i = 0; i < 20; ++i) mounts.push_back({i, "/dead" + std::to_string(i)});
  mounts.push_back({20, "/alive"});
  for (const auto& result : usages_.of(mounts)) EXPECT_FALSE(result);
  EXPECT_EQ(usages_.silent(), 3U);
  EXPECT_EQ(source_->times_asked("/dead2"), 1);
  EXPECT_EQ(source_->times_asked("/dead3"), 0);
  EXPECT_EQ(source_->times_asked("/alive"), 0);
}

TEST_F(Usages, CanBeAskedBySeveralThreadsAtOnce) {
  std::atomic<int> answered = 0;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (const auto& result : usages_.of({{1, "/a"}, {2, "/b"}, {3, "/c"}})) answered += result ? 1 : 0;
    });
  }
  callers.clear();
  EXPECT_EQ(answered, 12);
}

TEST(UsageThreads, OutliveWhoAsked) {
  auto source = std::make_shared<FakeFileSystems>();
  const std::weak_ptr<FakeFileSystems> watched = source;
  {
    FileSystemUsages usages(source, {50ms, 10ms, 2});
    EXPECT_FALSE(usages.of({{1, "/dead"}})[0]);
  }
  source->revive();
  source.reset();
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!watched.expired() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(watched.expired()) << "the thread ends and lets go of everything";
}

TEST(SystemUsage, AgreesWithTheKernel) {
  const auto usage = SystemUsage().usage("/");
  ASSERT_TRUE(usage);
  struct statvfs status {};
  ASSERT_EQ(::statvfs("/", &status), 0);
  EXPECT_EQ(usage->total_privileged_bytes, status.f_blocks * status.f_frsize);
  EXPECT_GE(usage->total_bytes, usage->used_bytes);
  EXPECT_LE(usage->total_bytes, usage->total_privileged_bytes);
  EXPECT_EQ(SystemUsage().usage("/no/such").error().text, "cannot look at /no/such: No such file or directory");
}

}  // namespace
}  // namespace guestd::platform
