// SPDX-License-Identifier: Apache-2.0
#include "daemon/service_manager.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>

#include "base/unique_fd.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::daemon {
namespace {

constexpr int kPassedFd = 3;

/// Says in words what take_socket() gave.
std::string taken() {
  auto socket = service_manager::take_socket();
  if (!socket) return socket.error().text;
  if (!*socket) return "nothing";
  const int fd = (*socket)->get();
  std::string words = "descriptor " + std::to_string(fd);
  if ((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0) words += ", non-blocking";
  if ((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0) words += ", close-on-exec";
  return words;
}

/// Runs `body` in a child process, where descriptor 3 and the environment may be changed; returns its words.
std::string in_child(const std::function<std::string()>& body) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return "no pipe";
  const UniqueFd out(ends[0]);
  UniqueFd in(::fcntl(ends[1], F_DUPFD_CLOEXEC, 100));
  ::close(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string words = body();
    ::_exit(::write(in.get(), words.data(), words.size()) < 0 ? 1 : 0);
  }
  in.reset();
  std::string words;
  std::array<char, 500> piece{};
  for (ssize_t count = 0; (count = ::read(out.get(), piece.data(), piece.size())) > 0;) {
    words.append(piece.data(), static_cast<std::size_t>(count));
  }
  ::waitpid(child, nullptr, 0);
  return words;
}

void announce(const std::string& pid, const char* count) {
  ::setenv("LISTEN_PID", pid.c_str(), 1);
  ::setenv("LISTEN_FDS", count, 1);
  ::setenv("LISTEN_FDNAMES", "guestd.socket", 1);
}
void announce(const char* count) { announce(std::to_string(::getpid()), count); }

class InheritedSocket : public testing::Test {
 protected:
  /// A socket that may be put in place of descriptor 3.
  UniqueFd make_socket(int type, bool listens) const {
    UniqueFd fd(::socket(AF_UNIX, type, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = dir_ / "socket";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_TRUE(!listens || ::listen(fd.get(), 1) == 0);
    return fd;
  }

  support::TempDir dir_;
};

TEST_F(InheritedSocket, IsTakenReadyForUse) {
  const UniqueFd socket = make_socket(SOCK_STREAM, true);
  EXPECT_EQ(in_child([&] {
              ::dup2(socket.get(), kPassedFd);
              announce("1");
              return taken();
            }),
            "descriptor 3, non-blocking, close-on-exec");
}

TEST_F(InheritedSocket, IsNothingWithoutAServiceManager) {
  EXPECT_EQ(in_child([] {
              ::unsetenv("LISTEN_PID");
              ::unsetenv("LISTEN_FDS");
              return taken();
            }),
            "nothing");
}

TEST_F(InheritedSocket, IsNothingWhenItIsMeantForAnotherProcess) {
  EXPECT_EQ(in_child([] {
              announce(std::to_string(::getppid()), "1");
              return taken();
            }),
            "nothing");
}

TEST_F(InheritedSocket, IsNothingWhenTheNumberMeansNothing) {
  for (const char* count : {"0", "-1", "", "many", "99999999999999999999"}) {
    EXPECT_EQ(in_child([&] {
                announce(count);
                return taken();
              }),
              "nothing")
        << count;
  }
}

TEST_F(InheritedSocket, MayBeOnlyOne) {
  EXPECT_EQ(in_child([] {
              announce("2");
              return taken();
            }),
            "qemu-ga only supports listening on one socket");
}

TEST_F(InheritedSocket, MustBeAStreamSocketThatListens) {
  const auto take_instead = [](int fd) {
    return in_child([&] {
      fd < 0 ? ::close(kPassedFd) : ::dup2(fd, kPassedFd);
      announce("1");
      return taken();
    });
  };
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(take_instead(file.get()), "unsupported listen fd type");
  EXPECT_EQ(take_instead(-1), "unsupported listen fd type");
  EXPECT_EQ(take_instead(make_socket(SOCK_STREAM, false).get()), "unsupported listen fd type");
  ::unlink((dir_ / "socket").c_str());
  EXPECT_EQ(take_instead(make_socket(SOCK_DGRAM, false).get()), "unsupported listen fd type");
  const UniqueFd internet(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (internet.valid() && ::listen(internet.get(), 1) == 0) {
    EXPECT_EQ(take_instead(internet.get()), "unsupported listen fd type");
  }
}

TEST_F(InheritedSocket, IsNotAnnouncedToChildren) {
  const UniqueFd socket = make_socket(SOCK_STREAM, true);
  EXPECT_EQ(in_child([&] {
              ::dup2(socket.get(), kPassedFd);
              announce("1");
              const std::string first = taken();
              std::string left;
              for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
                if (std::getenv(name) != nullptr) left += name;
              }
              return left + "/" + taken();
            }),
            "/nothing");
}

/// A service manager's end of sd_notify.
class NotifySocket : public testing::Test {
 protected:
  ~NotifySocket() override { ::unsetenv("NOTIFY_SOCKET"); }

  /// Binds to a path, or with '@' in front to an abstract name, and sets NOTIFY_SOCKET.
  void listen(const std::string& name) {
    fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path);
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0) << name;
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  std::string message() {
    std::array<char, 200> text{};
    const ssize_t count = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return count < 0 ? "(none)" : std::string(text.data(), static_cast<std::size_t>(count));
  }

  support::TempDir dir_;
  UniqueFd fd_;
};

TEST_F(NotifySocket, HearsThatTheAgentIsReadyAndThatItStops) {
  listen(dir_ / "notify");
  EXPECT_EQ(message(), "(none)");
  service_manager::notify("READY=1");
  EXPECT_EQ(message(), "READY=1");
  service_manager::notify("STOPPING=1");
  EXPECT_EQ(message(), "STOPPING=1");
}

TEST_F(NotifySocket, MayHaveAnAbstractName) {
  listen("@guestd-test/" + std::to_string(::getpid()));
  service_manager::notify("READY=1");
  EXPECT_EQ(message(), "READY=1");
}

TEST_F(NotifySocket, MayHaveTheLongestNameThereIs) {
  std::string name = "@guestd-test/" + std::to_string(::getpid());
  name.resize(sizeof(sockaddr_un::sun_path) - 1, 'x');
  listen(name);
  service_manager::notify("READY=1");
  EXPECT_EQ(message(), "READY=1");
}

TEST_F(NotifySocket, ThatNobodyReadsHoldsNothingUp) {
  listen(dir_ / "notify");
  for (int i = 0; i < 2000; ++i) service_manager::notify("READY=1");
  EXPECT_EQ(message(), "READY=1");
}

TEST_F(NotifySocket, ThatIsMissingOrNonsenseIsIgnored) {
  for (const std::string& name : {dir_ / "missing", std::string(), std::string(500, 'x'), std::string("@")}) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    service_manager::notify("READY=1");
  }
  listen(dir_ / "notify");
  service_manager::notify("READY=1");
  EXPECT_EQ(message(), "READY=1") << "the next one works";
}

}  // namespace
}  // namespace guestd::daemon
