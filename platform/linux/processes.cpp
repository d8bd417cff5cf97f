// SPDX-License-Identifier: Apache-2.0
#include "platform/processes.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "platform/clock.hpp"
#include "platform/linux/fields.hpp"
#include "platform/root.hpp"

namespace guestd::platform {
namespace {

// linux/pidfd.h of Linux 6.15, which build machines do not have yet.
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroupid;
  std::array<std::uint32_t, 11> ids;
  std::int32_t exit_code;  // as wait(2) tells it
};
constexpr std::uint64_t kPidfdInfoExit = 1U << 3U;
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);

ProcessExit read_status(int status) {
  if (WIFSIGNALED(status)) return {true, WTERMSIG(status)};
  return {false, WEXITSTATUS(status)};
}

class RefusingProcesses final : public Processes {
 public:
  explicit RefusingProcesses(std::string reason) : reason_(std::move(reason)) {}
  Result<StartedProcess> start(ProcessStart start) override { return execute_error(start.path, reason_, EPERM); }

 private:
  std::string reason_;
};

struct NamedSignal {
  std::string_view name;
  int number;
};

constexpr auto kSignals = std::to_array<NamedSignal>(
    {{"HUP", SIGHUP},       {"INT", SIGINT},     {"QUIT", SIGQUIT}, {"ILL", SIGILL},   {"TRAP", SIGTRAP},
     {"ABRT", SIGABRT},     {"BUS", SIGBUS},     {"FPE", SIGFPE},   {"KILL", SIGKILL}, {"USR1", SIGUSR1},
     {"SEGV", SIGSEGV},     {"USR2", SIGUSR2},   {"PIPE", SIGPIPE}, {"ALRM", SIGALRM}, {"TERM", SIGTERM},
     {"CHLD", SIGCHLD},     {"CONT", SIGCONT},   {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},
     {"TTOU", SIGTTOU},     {"URG", SIGURG},     {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM},
     {"PROF", SIGPROF},     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"PWR", SIGPWR},   {"SYS", SIGSYS},
#ifdef SIGSTKFLT
     {"STKFLT", SIGSTKFLT},
#endif
     {"IOT", SIGABRT},      {"CLD", SIGCHLD},    {"POLL", SIGIO}});

// RTMIN, RTMIN+n, RTMAX, RTMAX-n.
std::optional<int> parse_real_time(std::string_view name) {
  const bool from_top = name.starts_with("RTMAX");
  if (!from_top && !name.starts_with("RTMIN")) return std::nullopt;
  const int base = from_top ? SIGRTMAX : SIGRTMIN;
  name.remove_prefix(5);
  if (name.empty()) return base;
  std::uint64_t distance = 0;
  const char sign = from_top ? '-' : '+';
  if (name.front() != sign || !parse_number(name.substr(1), distance) || distance > 64) return std::nullopt;
  const int number = from_top ? base - static_cast<int>(distance) : base + static_cast<int>(distance);
  return number < SIGRTMIN || number > SIGRTMAX ? std::nullopt : std::optional(number);
}

}  // namespace

std::unique_ptr<Processes> refusing_processes(std::string reason) {
  return std::make_unique<RefusingProcesses>(std::move(reason));
}

Error execute_error(std::string_view path, std::string_view reason, int code) {
  return {"Failed to execute child process \u201C" + excerpt(path) + "\u201D (" + std::string(reason) + ")", code};
}

std::optional<ProcessExit> reap(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, WNOHANG) != child) return std::nullopt;
  return read_status(status);
}

std::optional<ProcessExit> exit_of(int pidfd) {
  PidfdInfo info{};
  info.mask = kPidfdInfoExit;
  if (::ioctl(pidfd, kPidfdGetInfo, &info) != 0 || (info.mask & kPidfdInfoExit) == 0) return std::nullopt;
  return read_status(info.exit_code);
}

Result<void> send_signal(pid_t child, SignalTarget target, int signal) {
  if (::kill(target == SignalTarget::kGroup ? -child : child, signal) == 0) return {};
  return Error::from_errno("cannot send signal " + std::to_string(signal) + " to PID " + std::to_string(child), errno);
}

std::optional<UniqueFd> find_process(const ProcessBirth& birth) {
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, birth.pid, 0)));
  if (!pidfd.valid()) return std::nullopt;
  // Once there is a descriptor, the number stays with that process until it has ended, so this looks at the same one.
  const auto stat = Root::system().read_file("/proc/" + std::to_string(birth.pid) + "/stat");
  const auto ticks = stat ? parse_start_ticks(*stat) : std::nullopt;
  if (!ticks) return std::nullopt;
  const auto tick = std::chrono::nanoseconds(std::chrono::seconds(1)) / ::sysconf(_SC_CLK_TCK);
  const auto born = tick * static_cast<std::int64_t>(*ticks);
  if (born < birth.not_before - 2 * tick || born > birth.not_after + tick) return std::nullopt;
  return pidfd;
}

std::optional<std::uint64_t> parse_start_ticks(std::string_view stat) {
  // The name, in parentheses, may hold anything; what follows does not hold another one.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  constexpr int kWordsBefore = 19;
  for (int word = 0; word < kWordsBefore; ++word) (void)take_word(stat);
  std::uint64_t ticks = 0;
  constexpr std::uint64_t kLatest = std::uint64_t{1} << 40U;  // so that nanoseconds fit
  if (!parse_number(take_word(stat), ticks) || ticks > kLatest) return std::nullopt;
  return ticks;
}

std::optional<int> parse_signal(std::string_view text) {
  std::uint64_t number = 0;
  if (parse_number(text, number)) {
    return number >= 1 && number <= static_cast<std::uint64_t>(SIGRTMAX) ? std::optional(static_cast<int>(number))
                                                                         : std::nullopt;
  }
  std::string name(text.substr(0, 16));
  std::ranges::transform(name, name.begin(), [](char each) { return each >= 'a' && each <= 'z' ? each - 32 : each; });
  const std::string_view bare = std::string_view(name).substr(name.starts_with("SIG") ? 3 : 0);
  const auto found = std::ranges::find(kSignals, bare, &NamedSignal::name);
  if (found != kSignals.end() && name.size() == text.size()) return found->number;
  return parse_real_time(bare);
}

Result<DescriptorPair> make_pipe(PipeUse use) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error::from_errno("cannot make a pipe", errno);
  DescriptorPair pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (use == PipeUse::kProgramReads) std::swap(pair.ours, pair.theirs);
  // Only our side: the program expects a pipe that waits.
  if (::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK) != 0) return Error::from_errno("cannot make a pipe", errno);
  return pair;
}

Result<DescriptorPair> make_terminal(std::uint16_t rows, std::uint16_t columns) {
  DescriptorPair pair;
  pair.ours.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  int unlocked = 0;
  if (!pair.ours.valid() || ::ioctl(pair.ours.get(), TIOCSPTLCK, &unlocked) != 0) {
    return Error::from_errno("cannot make a terminal", errno);
  }
  pair.theirs.reset(::ioctl(pair.ours.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pair.theirs.valid()) return Error::from_errno("cannot make a terminal", errno);
  if (auto resized = resize_terminal(pair.ours.get(), rows, columns); !resized) return std::move(resized).error();
  return pair;
}

Result<UniqueFd> duplicate(const UniqueFd& fd) {
  UniqueFd second(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!second.valid()) return Error::from_errno("cannot duplicate a descriptor", errno);
  return second;
}

Result<void> resize_terminal(int ours, std::uint16_t rows, std::uint16_t columns) {
  winsize size{};
  size.ws_row = rows;
  size.ws_col = columns;
  if (::ioctl(ours, TIOCSWINSZ, &size) != 0) return Error::from_errno("cannot resize the terminal", errno);
  return {};
}

}  // namespace guestd::platform
