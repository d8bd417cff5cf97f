// SPDX-License-Identifier: Apache-2.0
#include "daemon/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace guestd::daemon {
namespace {

// Runs `body` in a process of its own and returns its exit code, or 1000 + the signal that ended it.
int exit_code_of(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string link_target(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  return length < 0 ? "" : std::string(target.data(), static_cast<std::size_t>(length));
}

class Process : public testing::Test {
 protected:
  // A daemon reports through a file, since it has no output of its own left. Waits for a whole line.
  std::string report_of_daemon() const {
    for (int attempt = 0; attempt < 500; ++attempt) {
      if (auto text = content(folder_ + "/report"); text.ends_with('\n')) return text;
      ::usleep(10'000);
    }
    return "no report";
  }

  support::TempDir directory_;
  std::string folder_ = directory_.str();
  std::string file_ = directory_ / "pid";
};

TEST_F(Process, OpensStandardDescriptorsThatAreClosed) {
  EXPECT_EQ(exit_code_of([] {
              ::close(0);
              ::close(2);
              if (!open_standard_descriptors()) return 1;
              if (link_target("/proc/self/fd/0") != "/dev/null") return 2;
              return link_target("/proc/self/fd/2") == "/dev/null" ? 0 : 3;
            }),
            0);
}

TEST_F(Process, LeavesOpenDescriptorsAlone) {
  EXPECT_EQ(exit_code_of([this] {
              const int fd = ::open((folder_ + "/x").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
              if (::dup2(fd, 1) < 0 || ::dup2(fd, 40) < 0) return 1;
              if (!open_standard_descriptors()) return 2;
              if (link_target("/proc/self/fd/1") != folder_ + "/x") return 3;
              return link_target("/proc/self/fd/40") == folder_ + "/x" ? 0 : 4;
            }),
            0);
}

TEST_F(Process, WritesItsIdIntoAPrivatePidFileAndRemovesItAtTheEnd) {
  {
    const auto pid_file = PidFile::create(file_);
    ASSERT_TRUE(pid_file) << pid_file.error().text;
    EXPECT_EQ(content(file_), std::to_string(::getpid()) + "\n");
    struct stat status {};
    ASSERT_EQ(::stat(file_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
  }
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(Process, OverwritesAPidFileThatNobodyHolds) {
  std::ofstream(file_) << "123456789 left over from a crash\n";
  const auto pid_file = PidFile::create(file_);
  ASSERT_TRUE(pid_file);
  EXPECT_EQ(content(file_), std::to_string(::getpid()) + "\n");
}

TEST_F(Process, RefusesAPidFileThatAnotherDaemonHolds) {
  const auto first = PidFile::create(file_);
  ASSERT_TRUE(first);
  EXPECT_EQ(exit_code_of([this] {
              const auto second = PidFile::create(file_);
              if (second) return 1;
              return second.error().text == "Cannot lock pid file: Resource temporarily unavailable" ? 0 : 2;
            }),
            0);
  EXPECT_EQ(content(file_), std::to_string(::getpid()) + "\n");
}

TEST_F(Process, RespectsTheLockThatQemuGaHolds) {
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  ASSERT_EQ(::fcntl(fd, F_SETLK, &lock), 0);
  EXPECT_EQ(exit_code_of([this] { return PidFile::create(file_) ? 1 : 0; }), 0);
  ::close(fd);
}

TEST_F(Process, KeepsItsLockWhenTheSameProcessReadsThePidFile) {
  const auto first = PidFile::create(file_);
  ASSERT_TRUE(first);
  EXPECT_NE(content(file_), "");
  EXPECT_EQ(exit_code_of([this] { return PidFile::create(file_) ? 1 : 0; }), 0);
}

TEST_F(Process, DoesNotRemoveThePidFileFromAForkedChild) {
  auto pid_file = PidFile::create(file_);
  ASSERT_TRUE(pid_file);
  EXPECT_EQ(exit_code_of([&pid_file] {
              const PidFile inherited = *std::move(pid_file);
              return 0;
            }),
            0);
  EXPECT_TRUE(std::filesystem::exists(file_));
}

TEST_F(Process, NamesThePidFileThatItCannotOpen) {
  const auto missing = PidFile::create(folder_ + "/none/pid");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().text, "Cannot open pid file '" + folder_ + "/none/pid': No such file or directory");
}

TEST_F(Process, LetsTheCallerGoWithSuccessWhenTheDaemonIsReady) {
  const std::string report = folder_ + "/report";
  const int code = exit_code_of([&report] {
    auto background = go_to_background();
    if (!background) return 9;
    const bool leads_session = ::getsid(0) == ::getpid();
    if (!background->ready()) return 8;
    std::ofstream file(report);
    file << leads_session << ' ' << std::filesystem::current_path().string() << ' ' << link_target("/proc/self/fd/0")
         << ' ' << link_target("/proc/self/fd/1") << ' ' << link_target("/proc/self/fd/2") << std::endl;
    return 7;  // after ready the caller no longer hears of this
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(report_of_daemon(), "1 / /dev/null /dev/null /dev/null\n");
}

TEST_F(Process, KeepsTheUmaskAndTheOutputOfTheCallerUntilReady) {
  const std::string report = folder_ + "/report";
  const int code = exit_code_of([&report] {
    const std::string output = link_target("/proc/self/fd/2");
    ::umask(022);
    auto background = go_to_background();
    const bool same_output = link_target("/proc/self/fd/2") == output;
    if (!background || !background->ready()) return 9;
    std::ofstream(report) << same_output << ' ' << ::umask(0) << std::endl;
    return 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(report_of_daemon(), "1 18\n");  // 18 is 022
}

TEST_F(Process, TellsTheCallerOfAFailingDaemon) {
  EXPECT_EQ(exit_code_of([] { return go_to_background() ? 5 : 9; }), 5);
}

TEST_F(Process, TellsTheCallerOfADaemonThatStopsBeforeItIsReady) {
  EXPECT_EQ(exit_code_of([] { return go_to_background() ? 0 : 9; }), 0);
}

TEST_F(Process, TellsTheCallerOfADaemonThatASignalEnds) {
  EXPECT_EQ(exit_code_of([] {
              if (go_to_background()) ::raise(SIGKILL);
              return 9;
            }),
            1);
}

TEST_F(Process, TellsTheCallerThatAnotherDaemonHoldsThePidFile) {
  const auto first = PidFile::create(file_);
  ASSERT_TRUE(first);
  EXPECT_EQ(exit_code_of([this] {
              auto background = go_to_background();
              return PidFile::create(file_) && background->ready() ? 0 : 1;
            }),
            1);
}

TEST_F(Process, SurvivesACallerThatHasGone) {
  const std::string report = folder_ + "/report";
  const pid_t caller = ::fork();
  if (caller == 0) {
    auto background = go_to_background();
    ::kill(::getppid(), SIGKILL);
    ::usleep(100'000);
    const bool is_ready = background && background->ready();
    std::ofstream(report) << is_ready << std::endl;
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(caller, &status, 0), caller);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(report_of_daemon(), "1\n");
}

}  // namespace
}  // namespace guestd::daemon
