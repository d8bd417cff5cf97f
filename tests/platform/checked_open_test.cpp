// SPDX-License-Identifier: Apache-2.0
#include "platform/checked_open.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/pattern.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0644;

class CheckedOpen : public testing::Test {
 protected:
  void SetUp() override {
    dir_.write("srv/file", "allowed");
    dir_.write("etc/shadow", "secret");
  }
  /// Allows what the pattern matches, and notes what was asked.
  PathCheck only(const std::string& pattern) {
    return [this, allowed = *Pattern::parse(pattern)](const std::string& path) -> Result<void> {
      asked_.push_back(path);
      return allowed.matches(path) ? Result<void>() : Result<void>(Error::refused("no"));
    };
  }
  std::string outcome(const std::string& path, int flags, const std::string& pattern = "/srv/**") {
    asked_.clear();
    const auto fd = open_checked(root_, path, flags, kMode, only(pattern));
    if (fd) return "opened";
    return fd.error().kind == Error::Kind::kRefused ? "refused" : std::to_string(fd.error().errno_value);
  }
  static std::string code(int value) { return std::to_string(value); }
  void link(const std::string& target, const std::string& name) const { fs::create_symlink(target, dir_ / name); }

  support::TempDir dir_;
  Root root_ = *Root::at(dir_.str());
  std::vector<std::string> asked_;
};

TEST_F(CheckedOpen, AsksAboutTheTruePath) {
  EXPECT_EQ(outcome("/srv/../srv//./file", O_RDONLY), "opened");
  EXPECT_EQ(asked_, std::vector<std::string>{"/srv/file"});
}

TEST_F(CheckedOpen, LetsNoDotsAndNoLinksLeadOut) {
  link("/etc", "srv/folder");
  link("../etc/shadow", "srv/relative");
  link("/etc/shadow", "srv/absolute");
  link("relative", "srv/twice");
  for (const auto* path :
       {"/srv/../etc/shadow", "/srv/folder/shadow", "/srv/relative", "/srv/absolute", "/srv/twice", "/etc/shadow"}) {
    EXPECT_EQ(outcome(path, O_RDONLY), "refused") << path;
    EXPECT_EQ(asked_, std::vector<std::string>{"/etc/shadow"}) << path;
  }
}

TEST_F(CheckedOpen, FollowsALinkFromOutsideToWhatIsAllowed) {
  link("/srv/file", "etc/link");
  EXPECT_EQ(outcome("/etc/link", O_RDONLY), "opened");
}

TEST_F(CheckedOpen, TruncatesNothingThatIsRefused) {
  link("/etc/shadow", "srv/link");
  EXPECT_EQ(outcome("/srv/link", O_WRONLY | O_CREAT | O_TRUNC), "refused");
  EXPECT_EQ(dir_.read("etc/shadow"), "secret");
  EXPECT_EQ(outcome("/srv/file", O_WRONLY | O_CREAT | O_TRUNC), "opened");
  EXPECT_EQ(dir_.read("srv/file"), "");
}

TEST_F(CheckedOpen, CreatesOnlyWhereItMay) {
  link("/etc", "srv/folder");
  EXPECT_EQ(outcome("/etc/new", O_WRONLY | O_CREAT), "refused");
  EXPECT_EQ(outcome("/srv/folder/new", O_WRONLY | O_CREAT), "refused");
  EXPECT_EQ(outcome("/srv/../etc/new", O_WRONLY | O_CREAT), "refused");
  EXPECT_FALSE(fs::exists(dir_ / "etc/new"));
  EXPECT_EQ(outcome("/srv/new", O_WRONLY | O_CREAT), "opened");
  EXPECT_TRUE(fs::exists(dir_ / "srv/new"));
  EXPECT_EQ(outcome("/srv/none/new", O_WRONLY | O_CREAT), code(ENOENT));
  EXPECT_EQ(outcome("/srv/none", O_RDONLY), code(ENOENT));
  EXPECT_EQ(outcome("/srv/trailing/", O_WRONLY | O_CREAT), code(EISDIR));
}

TEST_F(CheckedOpen, MakesNothingBehindALinkThatLeadsToNothing) {
  link("/etc/new", "srv/link");
  EXPECT_EQ(outcome("/srv/link", O_WRONLY | O_CREAT), code(EEXIST));
  EXPECT_FALSE(fs::exists(dir_ / "etc/new"));
}

TEST_F(CheckedOpen, FollowsNoLinkOfProc) {
  const UniqueFd secret(::open((dir_ / "etc/shadow").c_str(), O_RDONLY | O_CLOEXEC));
  const std::string path = "/proc/self/fd/" + std::to_string(secret.get());
  const auto opened = open_checked(Root::system(), path, O_RDONLY, kMode, only("**"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().errno_value, ELOOP);
}

TEST_F(CheckedOpen, NamesWhatCannotBe) {
  EXPECT_EQ(outcome(std::string("/srv/file\0x", 11), O_RDONLY), code(EINVAL));
  EXPECT_EQ(outcome("", O_RDONLY), code(ENOENT));
  EXPECT_EQ(outcome("/srv", O_WRONLY, "/srv"), code(EISDIR));
}

TEST_F(CheckedOpen, KnowsNoPathOfAFileThatWasDeleted) {
  const UniqueFd fd(::open(dir_.write("gone", "").c_str(), O_RDONLY | O_CLOEXEC));
  fs::remove(dir_ / "gone");
  EXPECT_EQ(root_.path_of(fd.get()).error().errno_value, ENOENT);
  // Nor does one help that has the name which the kernel shows for it.
  dir_.write("gone (deleted)", "");
  EXPECT_EQ(root_.path_of(fd.get()).error().errno_value, ENOENT);
  const UniqueFd other(::open((dir_ / "gone (deleted)").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(*root_.path_of(other.get()), "/gone (deleted)");
}

// A user of the guest exchanges a folder of his own for a link, as fast as he can.
TEST_F(CheckedOpen, LosesNoRaceAgainstSomebodyWhoExchangesFolders) {
  dir_.write("srv/real/shadow", "mine");
  link("/etc", "srv/trap");
  fs::create_symlink("real", dir_ / "srv/now");
  std::atomic<bool> stop = false;
  std::thread attacker([&] {
    for (bool trap = false; !stop; trap = !trap) {
      fs::create_symlink(trap ? "trap" : "real", dir_ / "srv/next");
      fs::rename(dir_ / "srv/next", dir_ / "srv/now");
    }
  });
  int opened = 0;
  // On a busy machine he may stand still with the link in place for all of the rounds.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (int round = 0; round < 3000 || (opened == 0 && std::chrono::steady_clock::now() < deadline); ++round) {
    const auto fd = open_checked(root_, "/srv/now/shadow", O_RDWR | O_CREAT, kMode, only("/srv/real/**"));
    if (!fd) continue;
    ++opened;
    char first = 0;
    ASSERT_EQ(::pread(fd->get(), &first, 1, 0), 1);
    ASSERT_EQ(first, 'm');
    const auto fresh =
        open_checked(root_, "/srv/now/new" + std::to_string(round), O_WRONLY | O_CREAT, kMode, only("/srv/real/**"));
    if (fresh) ++opened;
  }
  stop = true;
  attacker.join();
  EXPECT_GT(opened, 0);
  for (const auto& entry : fs::directory_iterator(dir_ / "etc")) EXPECT_EQ(entry.path().filename(), "shadow");
  EXPECT_EQ(dir_.read("etc/shadow"), "secret");
}

// ---- random trees

/// A tree of folders, files and links that lead anywhere, also in circles and to nothing.
class RandomTree {
 public:
  explicit RandomTree(unsigned seed) : random_(seed) {
    for (int i = 0; i < 6; ++i) {
      folders_.push_back(random_folder() + "/" + letter());
      fs::create_directories(dir_ / folders_.back().substr(1));
    }
    for (int i = 0; i < 8; ++i) {
      const std::string name = random_folder() + "/f" + letter();
      std::error_code ignored;
      if (!fs::exists(fs::symlink_status(dir_ / name.substr(1), ignored))) dir_.write(name.substr(1), name);
    }
    for (int i = 0; i < 8; ++i) {
      std::error_code ignored;
      const std::string target = (chance() ? "../" : "/") + random_path();
      fs::create_symlink(target, dir_ / (random_folder() + "/l" + letter()).substr(1), ignored);
    }
  }

  /// Words that may or may not mean something.
  std::string random_path() {
    std::string path;
    for (int parts = 1 + pick(4); parts > 0; --parts) {
      constexpr std::array kKinds{"", "f", "l", ""};
      path += chance() && chance() ? "/.." : "/" + std::string(kKinds.at(static_cast<std::size_t>(pick(4)))) + letter();
    }
    return path;
  }
  std::string random_pattern() {
    std::string pattern = random_folder();
    if (chance()) pattern += "/" + letter();
    return pattern + (chance() ? "/**" : "/*");
  }
  int pick(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }
  [[nodiscard]] const support::TempDir& dir() const { return dir_; }

  /// All regular files, by path, with what they hold.
  [[nodiscard]] std::set<std::pair<std::string, std::string>> files() const {
    std::set<std::pair<std::string, std::string>> all;
    for (const auto& entry : fs::recursive_directory_iterator(dir_.str())) {
      if (!entry.is_symlink() && entry.is_regular_file()) {
        const std::string path = entry.path().string().substr(dir_.str().size());
        all.emplace(path, dir_.read(path.substr(1)));
      }
    }
    return all;
  }

 private:
  bool chance() { return pick(2) == 0; }
  std::string letter() { return std::string(1, static_cast<char>('a' + pick(3))); }
  std::string random_folder() { return folders_.empty() ? "" : pick(4) == 0 ? "" : folders_.at(index()); }
  std::size_t index() { return static_cast<std::size_t>(pick(static_cast<int>(folders_.size()))); }

  std::mt19937 random_;
  support::TempDir dir_;
  std::vector<std::string> folders_;
};

TEST(CheckedOpenProperty, OpensAndMakesOnlyWhatTheTruePathAllows) {
  int opened = 0;
  int refused = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    RandomTree tree(seed);
    const Root root = *Root::at(tree.dir().str());
    for (int round = 0; round < 25; ++round) {
      const auto allowed = *PatternList::parse({tree.random_pattern(), "!" + tree.random_pattern()});
      const std::string path = tree.random_path();
      const bool creates = tree.pick(2) == 0;
      const auto before = tree.files();
      const auto fd = open_checked(root, path, creates ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY, kMode,
                                   [&](const std::string& truth) {
                                     const bool good = allowed.matches(truth);
                                     return good ? Result<void>() : Result<void>(Error::refused("no"));
                                   });
      // What has changed on the disk is told by looking at all of it, without the code under test.
      for (const auto& [file, content] : before) {
        const bool same = tree.dir().read(file.substr(1)) == content;
        EXPECT_TRUE(same || (fd && creates && allowed.matches(file))) << path << " emptied " << file;
      }
      for (const auto& [file, content] : tree.files()) {
        const bool is_new = std::ranges::none_of(before, [&](const auto& known) { return known.first == file; });
        EXPECT_TRUE(!is_new || (fd && allowed.matches(file))) << path << " made " << file;
      }
      if (!fd) {
        refused += fd.error().kind == Error::Kind::kRefused ? 1 : 0;
        continue;
      }
      ++opened;
      const std::string truth = fs::read_symlink("/proc/self/fd/" + std::to_string(fd->get())).string();
      const std::string below = truth.substr(tree.dir().str().size());
      EXPECT_TRUE(allowed.matches(below.empty() ? "/" : below)) << path << " is " << truth;
    }
  }
  EXPECT_GT(opened, 20);
  EXPECT_GT(refused, 20);
}

TEST_F(CheckedOpen, KnowsWhereALinkLiesThatIsHeldItself) {
  link("/etc/shadow", "srv/link");
  const auto fd = root_.resolve("/srv/../srv/link", Root::LastLink::kHeld);
  ASSERT_TRUE(fd) << fd.error().text;
  EXPECT_EQ(*root_.path_of(fd->get()), "/srv/link");
  fs::remove(dir_ / "srv/link");
  EXPECT_EQ(root_.path_of(fd->get()).error().errno_value, ENOENT);
}

}  // namespace
}  // namespace guestd::platform
