// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.hpp"
#include "commands/context.hpp"
#include "commands/file_handles.hpp"
#include "commands/freeze_state.hpp"
#include "commands/process_table.hpp"
#include "daemon/session.hpp"
#include "generated/commands.hpp"
#include "tests/support/fake_freeze_listener.hpp"
#include "tests/support/fixture_root.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_loop.hpp"

namespace guestd::daemon {

using namespace std::chrono_literals;

inline void make_non_blocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// Two connected sockets, both non-blocking.
struct SocketPair {
  SocketPair() {
    std::array<int, 2> fds{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) != 0) {
      throw std::runtime_error("socketpair");
    }
    agent.reset(fds[0]);
    host.reset(fds[1]);
  }
  UniqueFd agent;
  UniqueFd host;
};

/// The host's end of a conversation in the thread of the loop: the loop runs while the host waits.
class HostEnd {
 public:
  HostEnd(support::TestLoop& loop, UniqueFd fd) : loop_(&loop), fd_(std::move(fd)) { make_non_blocking(fd_.get()); }

  [[nodiscard]] int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }
  void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }

  /// Sends everything; false if the agent does not take it in time.
  bool send(std::string_view bytes) { return send_while_taken(bytes, support::TestLoop::kDeadline) == bytes.size(); }

  /// Sends until the agent takes nothing for `pause`; the number of bytes that it took.
  std::size_t send_while_taken(std::string_view bytes, std::chrono::milliseconds pause) {
    std::size_t sent = 0;
    const auto taken = [&] {
      const ssize_t count = ::write(fd_.get(), bytes.data() + sent, bytes.size() - sent);
      if (count > 0) sent += static_cast<std::size_t>(count);
      return count > 0;
    };
    while (sent < bytes.size() && loop_->run_until(taken, pause)) continue;
    return sent;
  }

  /// Whatever is there already, without waiting.
  std::string_view take() {
    std::array<char, 64 << 10> piece{};
    while (true) {
      const ssize_t count = ::read(fd_.get(), piece.data(), piece.size());
      // A terminal says EIO where a socket says 0.
      ended_ = ended_ || count == 0 || (count < 0 && errno != EAGAIN);
      if (count <= 0) return input_;
      input_.append(piece.data(), static_cast<std::size_t>(count));
    }
  }

  /// The next line with its newline; "" if none comes in time.
  std::string line(std::chrono::milliseconds timeout = support::TestLoop::kDeadline) {
    std::size_t searched = 0;
    std::size_t end = std::string::npos;
    loop_->run_until(
        [&] {
          end = take().find('\n', searched);
          searched = input_.size();
          return end != std::string::npos || ended_;
        },
        timeout);
    if (end == std::string::npos) return "";
    std::string line = input_.substr(0, end + 1);
    input_.erase(0, end + 1);
    return line;
  }

  /// A request and its reply.
  std::string ask(std::string_view request) { return send(request) ? line() : "(the request was not taken)"; }

  /// Waits until the agent has closed the stream; what came before stays to be read.
  bool sees_end() {
    return loop_->run_until([&] {
      take();
      return ended_;
    });
  }

 private:
  support::TestLoop* loop_;
  UniqueFd fd_;
  std::string input_;
  bool ended_ = false;
};

/// Connects to a listening Unix socket.
inline HostEnd connect_host(support::TestLoop& loop, const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("nobody listens on " + path);
  }
  return {loop, std::move(fd)};
}

/// What sessions and channels need around them: the commands on a fixture machine, workers, a log file, an event loop.
/// A command that blocks is a read of a file whose turn the test holds (hold()). At the end all workers must be free.
class SessionBench {
 public:
  SessionBench() {
    ::signal(SIGPIPE, SIG_IGN);
    Log::Settings settings;
    settings.file = dir_ / "log";
    settings.verbose = true;
    log_ = take(Log::open(settings));
    files_ = take(commands::FileHandles::open(dir_.str(), *host_.clock));
    context_.emplace(commands::Context{host_, *files_, dispatcher_, freeze_, processes_});
  }
  SessionBench(const SessionBench&) = delete;
  SessionBench& operator=(const SessionBench&) = delete;
  ~SessionBench() {
    EXPECT_TRUE(workers_are_free()) << "a command is stuck on a worker";
    loop_.poll();
  }

  [[nodiscard]] Services services() { return {loop_.io(), dispatcher_, *context_, workers_, *log_}; }
  [[nodiscard]] support::TestLoop& loop() { return loop_; }
  [[nodiscard]] const support::TempDir& dir() const { return dir_; }
  [[nodiscard]] commands::FileHandles& files() { return *files_; }
  [[nodiscard]] Workers& workers() { return workers_; }
  [[nodiscard]] std::string log_text() const { return dir_.read("log"); }

  bool workers_are_free() {
    return loop_.run_until([&] { return workers_.busy() == 0; });
  }
  bool workers_are_busy(std::size_t count) {
    return loop_.run_until([&] { return workers_.busy() == count; });
  }

  /// The handle of a new file with this content.
  std::int64_t open_file(std::string_view name, std::string_view content) {
    fixture_.dir().write("tmp/" + std::string(name), content);
    commands::FileOpenArgs args;
    args.path = "/tmp/" + std::string(name);
    return take(commands::file_open(*context_, args));
  }
  /// Whether the fixture lies where the kernel can tell what is in memory, so that reads are answered at once.
  [[nodiscard]] bool reads_at_once(std::int64_t handle) {
    commands::FileReadArgs args;
    args.handle = handle;
    args.count = 1;
    return commands::file_read_at_once(*context_, args).has_value();
  }
  /// Until the turn is given back, commands on this file block.
  commands::FileHandles::Turn hold(std::int64_t handle) { return take(files_->use(handle)); }

 private:
  /// Hosts may start real programs, of the machine of the test.
  static platform::Host with_programs(platform::Host host) {
    host.processes = platform::system_processes();
    return host;
  }
  template <typename T>
  static T take(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text);
    return *std::move(result);
  }

  support::TestLoop loop_;
  support::TempDir dir_;
  support::FixtureRoot fixture_{"debian12"};
  platform::Host host_ = with_programs(fixture_.host());
  support::FakeFreezeListener freeze_listener_;
  commands::FreezeState freeze_{host_, {.state_directory = dir_.str(), .hook = {}}, freeze_listener_};
  commands::ProcessTable processes_{host_, {.state_directory = dir_.str()}};
  Dispatcher dispatcher_{CommandFilter()};
  std::unique_ptr<Log> log_;
  std::unique_ptr<commands::FileHandles> files_;
  std::optional<commands::Context> context_;
  Workers workers_;
};

/// A session on one end of a socket pair, and its host on the other.
struct Conversation {
  using StreamMaker = std::shared_ptr<Stream> (*)(asio::io_context&, UniqueFd);

  explicit Conversation(SessionBench& bench, Session::ZeroRead zero_read = Session::ZeroRead::kEnds,
                        StreamMaker make = make_stream)
      : Conversation(bench, SocketPair(), zero_read, make) {}
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() {
    session->mute();
    stream->close();
  }

  std::optional<Session::End> end;
  HostEnd host;
  std::shared_ptr<Stream> stream;
  std::shared_ptr<Session> session;

 private:
  Conversation(SessionBench& bench, SocketPair sockets, Session::ZeroRead zero_read, StreamMaker make)
      : host(bench.loop(), std::move(sockets.host)),
        stream(make(bench.loop().io(), std::move(sockets.agent))),
        session(std::make_shared<Session>(bench.services(), stream, zero_read, [this](Session::End how) {
          end = how;
          stream->close();  // as every channel does
        })) {}
};

// ---- requests and replies

inline std::string read_request(std::int64_t handle, std::int64_t count, int id) {
  return R"({"execute": "guest-file-read", "arguments": {"handle": )" + std::to_string(handle) + R"(, "count": )" +
         std::to_string(count) + R"(}, "id": )" + std::to_string(id) + "}\n";
}
inline std::string close_request(std::int64_t handle) {
  return R"({"execute": "guest-file-close", "arguments": {"handle": )" + std::to_string(handle) + "}}\n";
}
inline std::string ping_request(int id) { return R"({"execute": "guest-ping", "id": )" + std::to_string(id) + "}\n"; }
inline std::string ping_reply(int id) { return R"({"return": {}, "id": )" + std::to_string(id) + "}\n"; }
inline std::string sync_request(int id) {
  return R"({"execute": "guest-sync", "arguments": {"id": )" + std::to_string(id) + "}}\n";
}
inline std::string sync_reply(int id) { return R"({"return": )" + std::to_string(id) + "}\n"; }

}  // namespace guestd::daemon
