// SPDX-License-Identifier: Apache-2.0
#include "platform/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/unique_fd.hpp"
#include "platform/environment.hpp"

namespace guestd::platform {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kTermGrace = 2s;       // between SIGTERM and SIGKILL
constexpr auto kKillGrace = 2s;       // after that it sticks in the kernel
constexpr auto kWithoutPidfd = 10ms;  // how often a kernel before 5.3 is asked whether the program has ended

// A file in memory: what a program does not read keeps nobody waiting.
Result<UniqueFd> input_file(const std::string& input) {
  if (input.empty()) {
    UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!nothing.valid()) return Error::from_errno("cannot open /dev/null", errno);
    return nothing;
  }
  UniqueFd fd(::memfd_create("input", MFD_CLOEXEC));
  if (!fd.valid()) return Error::from_errno("cannot keep the input", errno);
  std::string_view rest = input;
  while (!rest.empty()) {
    const ssize_t count = ::write(fd.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Error::from_errno("cannot keep the input", errno);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return Error::from_errno("cannot keep the input", errno);
  return fd;
}

/// The attributes of posix_spawn(3), which have to be freed.
class SpawnPlan {
 public:
  SpawnPlan(int input, int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    // Of descriptors 0 to 2 the duplicates lose close-on-exec; a source of the same number would keep it, but the
    // agent has those three open from its start.
    ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    ::posix_spawn_file_actions_addchdir_np(&actions_, "/");
#ifdef __GLIBC__
    // All of ours are close-on-exec; this is for what the agent itself inherited.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
#endif
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_,
                               static_cast<short>(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  Result<pid_t> start(const ProgramCall& call) {
    std::vector<std::string> arguments{call.path};
    arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
    std::vector<std::string> environment = child_environment(call.environment);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, call.path.c_str(), &actions_, &attributes_, c_strings(arguments).data(),
                                    c_strings(environment).data());
    if (error != 0) return Error::from_errno("cannot run " + call.path, error);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// The end of what a program prints.
class OutputTail {
 public:
  explicit OutputTail(std::size_t limit) : limit_(limit) {}

  /// Reads what is there; false at the end of the pipe.
  bool drain(int fd) {
    std::array<char, 4096> piece{};
    // A program that prints without end must not keep us from looking at the clock.
    for (int turn = 0; turn < 64; ++turn) {
      const ssize_t count = ::read(fd, piece.data(), piece.size());
      if (count == 0) return false;
      if (count < 0) return errno == EAGAIN || errno == EINTR;
      append({piece.data(), static_cast<std::size_t>(count)});
    }
    return true;
  }

  void move_to(ProgramEnd& end) {
    end.output = std::move(text_);
    end.output_cut = cut_;
  }

 private:
  void append(std::string_view piece) {
    text_ += piece;
    if (text_.size() <= limit_) return;
    text_.erase(0, text_.size() - limit_);
    cut_ = true;
  }

  std::size_t limit_;
  std::string text_;
  bool cut_ = false;
};

/// A running program, its output, and the clock.
class Run {
 public:
  Run(pid_t pid, UniqueFd output, const ProgramCall& call)
      : pid_(pid),
        output_(std::move(output)),
        tail_(call.output_bytes),
        started_(Clock::now()),
        pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

  /// Waits for the end of the program, or until `moment`; true if it has ended.
  bool wait_until(Clock::time_point moment) {
    while (!has_ended()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(moment - Clock::now());
      if (left <= 0ms) return false;
      wait_for_news(pidfd_.valid() ? left : std::min(left, std::chrono::milliseconds(kWithoutPidfd)));
    }
    return true;
  }
  void kill_group(int signal) const { ::kill(-pid_, signal); }
  [[nodiscard]] Clock::time_point started() const { return started_; }

  /// What it has printed up to now, and how it ended.
  ProgramEnd finish(bool in_time) {
    (void)tail_.drain(output_.get());
    ProgramEnd end;
    tail_.move_to(end);
    end.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
    if (!in_time) {
      end.how = ProgramEnd::How::kTimeLimit;
    } else if (WIFEXITED(status_)) {
      end.code = WEXITSTATUS(status_);
    } else {
      end.how = ProgramEnd::How::kSignal;
      end.code = WTERMSIG(status_);
    }
    return end;
  }

 private:
  bool has_ended() {
    if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
    return ended_;
  }
  void wait_for_news(std::chrono::milliseconds limit) {
    // poll(2) passes over a descriptor of -1.
    std::array<pollfd, 2> news{pollfd{output_open_ ? output_.get() : -1, POLLIN, 0}, pollfd{pidfd_.get(), POLLIN, 0}};
    constexpr std::chrono::milliseconds kLongest = 1h;
    (void)::poll(news.data(), news.size(), static_cast<int>(std::min(limit, kLongest).count()));
    if (news[0].revents != 0) output_open_ = tail_.drain(output_.get());
  }

  pid_t pid_;
  UniqueFd output_;
  OutputTail tail_;
  Clock::time_point started_;
  UniqueFd pidfd_;
  bool output_open_ = true;
  bool ended_ = false;
  int status_ = 0;
};

class RefusingPrograms final : public Programs {
 public:
  explicit RefusingPrograms(std::string reason) : reason_(std::move(reason)) {}

  Result<ProgramEnd> run(const ProgramCall& call) override {
    return Error{"cannot run " + call.path + ": " + reason_, EPERM};
  }

 private:
  std::string reason_;
};

bool is_plain(char character) { return static_cast<unsigned char>(character) >= 0x20 && character != 0x7F; }

}  // namespace

std::string ProgramEnd::describe() const {
  switch (how) {
    case How::kExited:
      return "exit status " + std::to_string(code);
    case How::kSignal: {
      const char* name = ::strsignal(code);
      return "ended by signal " + std::to_string(code) + " (" + (name != nullptr ? name : "unknown") + ")";
    }
    case How::kTimeLimit:
      break;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(took).count();
  return seconds > 0 ? "not finished after " + std::to_string(seconds) + " s"
                     : "not finished after " + std::to_string(took.count()) + " ms";
}

std::string ProgramEnd::last_lines(std::size_t limit_bytes) const {
  std::string line;
  for (const char character : output) {
    if (character == '\n') {
      if (!line.empty() && !line.ends_with(" | ")) line += " | ";
    } else {
      line += is_plain(character) ? character : ' ';
    }
  }
  while (line.ends_with(' ') || line.ends_with('|')) line.pop_back();
  if (line.size() <= limit_bytes) return line;
  std::size_t from = line.size() - limit_bytes;
  // Not in the middle of a character of UTF-8.
  while (from < line.size() && (static_cast<unsigned char>(line[from]) & 0xC0U) == 0x80U) ++from;
  return "..." + line.substr(from);
}

Result<ProgramEnd> SystemPrograms::run(const ProgramCall& call) {
  reap_left_behind();
  auto input = input_file(call.input);
  if (!input) return std::move(input).error().with_context("cannot run " + call.path);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error::from_errno("cannot run " + call.path, errno);
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  // Only our side: the program expects a pipe that waits.
  if (::fcntl(read_end.get(), F_SETFL, O_NONBLOCK) != 0) return Error::from_errno("cannot run " + call.path, errno);
  const auto pid = SpawnPlan(input->get(), write_end.get()).start(call);
  if (!pid) return pid.error();
  write_end.reset();

  Run run(*pid, std::move(read_end), call);
  bool ended = run.wait_until(run.started() + call.time_limit);
  const bool in_time = ended;
  if (!ended) {
    run.kill_group(SIGTERM);
    ended = run.wait_until(Clock::now() + kTermGrace);
    // Whoever of the group is still there, also if its leader has heeded the first signal.
    run.kill_group(SIGKILL);
    if (!ended) ended = run.wait_until(Clock::now() + kKillGrace);
  }
  if (!ended) leave_behind(*pid);
  return run.finish(in_time);
}

void SystemPrograms::reap_left_behind() {
  const std::lock_guard lock(mutex_);
  std::erase_if(left_behind_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

void SystemPrograms::leave_behind(pid_t pid) {
  const std::lock_guard lock(mutex_);
  left_behind_.push_back(pid);
}

std::unique_ptr<Programs> refusing_programs(std::string reason) {
  return std::make_unique<RefusingPrograms>(std::move(reason));
}

}  // namespace guestd::platform
