// SPDX-License-Identifier: Apache-2.0
#include "client/main/run_frozen.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "base/unique_fd.hpp"
#include "client/main/ask.hpp"
#include "client/terminal/signals.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

using client::Reply;

constexpr int kThawAttempts = 5;
constexpr std::chrono::seconds kPauseBetweenAttempts{1};

/// A process that thaws if this one dies without having said that it is done. It is made before there is a connection,
/// so that it holds neither the socket nor the lock.
class ThawKeeper {
 public:
  Result<void> start(const Context& context) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error::from_errno("cannot make a pipe", errno);
    UniqueFd reader(ends[0]);
    writer_.reset(ends[1]);
    pid_ = ::fork();
    if (pid_ < 0) return Error::from_errno("cannot start a process", errno);
    if (pid_ == 0) {
      writer_.reset();
      keep(reader.get(), context);
    }
    return {};
  }
  ~ThawKeeper() {
    if (pid_ <= 0) return;
    const char done = 1;
    [[maybe_unused]] const ssize_t ignored = ::write(writer_.get(), &done, 1);
    writer_.reset();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  [[noreturn]] static void keep(int pipe, const Context& context) {
    ::setsid();
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(number, SIG_IGN);
    char done = 0;
    ssize_t got = 0;
    while ((got = ::read(pipe, &done, 1)) < 0 && errno == EINTR) {
    }
    if (got != 1) {
      for (int attempt = 0; attempt < kThawAttempts; ++attempt) {
        auto connection = context.connect(kThawTime);
        if (connection && agent::fsfreeze_thaw(**connection)) break;
        ::poll(nullptr, 0, 1000);
      }
    }
    ::_exit(0);
  }

  pid_t pid_ = -1;
  UniqueFd writer_;
};

/// Waits for a call unless a signal comes first; nothing then.
std::optional<Reply> call_unless_signalled(client::Connection& connection, const protocol::Call& call,
                                           terminal::Signals& signals) {
  std::optional<Reply> reply;
  connection.start(call, connection.call_timeout(), [&reply](Reply answer) { reply = std::move(answer); });
  while (!reply) {
    std::array<pollfd, 2> entries{pollfd{connection.fd(), connection.events(), 0}, pollfd{signals.fd(), POLLIN, 0}};
    ::poll(entries.data(), entries.size(), client::poll_timeout(connection.deadline()));
    if (const auto number = signals.take(); number && *number != SIGCHLD) {
      connection.abandon();
      return std::nullopt;
    }
    connection.process();
  }
  return reply;
}

protocol::Call freeze_call(const std::vector<std::string>& mountpoints) {
  if (mountpoints.empty()) return protocol::make_call<agent::calls::FsfreezeFreeze>({});
  return protocol::make_call<agent::calls::FsfreezeFreezeList>({.mountpoints = mountpoints});
}

/// Thaws on this connection, or if that is gone on a new one.
Result<std::int64_t> thaw_for_sure(std::unique_ptr<client::Connection>& connection, const Context& context) {
  for (int attempt = 1;; ++attempt) {
    auto thawed = ask<agent::calls::FsfreezeThaw>(*connection, {}, context.limit_or(kThawTime));
    if (thawed || attempt == kThawAttempts) return thawed;
    const auto kind = thawed.error().kind;
    if (kind != Error::Kind::kUnreachable && kind != Error::Kind::kTimedOut) return thawed;
    ::poll(nullptr, 0, static_cast<int>(std::chrono::milliseconds(kPauseBetweenAttempts).count()));
    // The old one holds the lock that the new one needs.
    connection.reset();
    auto fresh = context.connect(kThawTime);
    if (!fresh) return std::move(fresh).error();
    connection = *std::move(fresh);
  }
}

pid_t start_command(const std::vector<std::string>& words, const sigset_t& mask) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  // What it does is of no use once the file systems are thawed.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::execvp(arguments.front(), arguments.data());
  complain(Error::from_errno("cannot run " + words.front(), errno).text);
  ::_exit(errno == ENOENT ? 127 : 126);
}

int status_of(int ending) { return WIFSIGNALED(ending) ? 128 + WTERMSIG(ending) : WEXITSTATUS(ending); }

/// Runs the command to its end. Signals are passed on, except those that the terminal has sent to it as well.
Result<int> run_command(const std::vector<std::string>& words, terminal::Signals& signals) {
  const pid_t pid = start_command(words, signals.before());
  if (pid < 0) return Error::from_errno("cannot start a process", errno);
  for (;;) {
    int ending = 0;
    const pid_t ended = ::waitpid(pid, &ending, WNOHANG);
    if (ended == pid) return status_of(ending);
    pollfd entry{signals.fd(), POLLIN, 0};
    ::poll(&entry, 1, -1);
    while (const auto number = signals.take()) {
      if (*number != SIGCHLD && !signals.taken_from_terminal()) ::kill(pid, *number);
    }
  }
}

/// Whether the guest has stayed frozen; an agent gives up after some time (guestd: ten minutes).
bool is_still_frozen(client::Connection& connection) {
  const auto status = agent::fsfreeze_status(connection);
  return !status || *status == agent::GuestFsfreezeStatus::kFrozen;
}

Result<int> run_and_thaw(std::unique_ptr<client::Connection>& connection, const Context& context,
                         terminal::Signals& signals) {
  Result<int> status = run_command(context.program, signals);
  const bool frozen = is_still_frozen(*connection);
  auto thawed = thaw_for_sure(connection, context);
  if (!thawed) return std::move(thawed).error().with_context("THE FILE SYSTEMS MAY STILL BE FROZEN: cannot thaw");
  if (!frozen) return Error{"the file systems were thawed before the command was done; its result is of no use"};
  return status;
}

}  // namespace

Result<std::int64_t> freeze_filesystems(client::Connection& connection, const std::vector<std::string>& mountpoints) {
  auto reply = connection.call(freeze_call(mountpoints));
  if (!reply) return std::move(reply).error();
  return protocol::read_reply<agent::calls::FsfreezeFreeze>(*reply);
}

Result<int> run_frozen(Context& context, const std::vector<std::string>& mountpoints) {
  ThawKeeper keeper;
  if (auto started = keeper.start(context); !started) return std::move(started).error();
  terminal::Signals signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD};
  auto connection = context.connect(kFreezeTime);
  if (!connection) return std::move(connection).error();
  auto reply = call_unless_signalled(**connection, freeze_call(mountpoints), signals);
  if (reply && *reply) {
    auto frozen = protocol::read_reply<agent::calls::FsfreezeFreeze>(**reply);
    if (!frozen) return std::move(frozen).error();
    return run_and_thaw(*connection, context, signals);
  }
  // Interrupted, or no answer: it may freeze yet. A thaw waits for that.
  auto thawed = thaw_for_sure(*connection, context);
  if (!thawed) return std::move(thawed).error().with_context("THE FILE SYSTEMS MAY STILL BE FROZEN: cannot thaw");
  if (reply) return std::move(*reply).error();
  return Error{"interrupted before the file systems were frozen"};
}

}  // namespace guestd::guestctl
