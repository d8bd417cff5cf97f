// SPDX-License-Identifier: Apache-2.0

// Starting a program with vfork(2)'s economy: the child runs in the agent's memory until it becomes the program, so no
// page table is copied, whatever the agent holds. Between the two it makes system calls only.

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "platform/clock.hpp"
#include "platform/environment.hpp"
#include "platform/processes.hpp"

#if defined(__SANITIZE_THREAD__)
#define GUESTD_UNWATCHED __attribute__((no_sanitize_thread))
#elif defined(__SANITIZE_ADDRESS__)
#define GUESTD_UNWATCHED __attribute__((no_sanitize_address))
#else
#define GUESTD_UNWATCHED
#endif

namespace guestd::platform {
namespace {

constexpr unsigned kClonePidfd = 0x1000;  // CLONE_PIDFD, Linux 5.2
constexpr std::size_t kStackBytes = std::size_t{32} << 10U;
constexpr int kFirstForeign = STDERR_FILENO + 1;
constexpr int kHeldProgram = kFirstForeign;
constexpr const char* kHeldProgramPath = "/dev/fd/3";
constexpr rlim_t kWithoutCloseRange = 65536;

enum class Stage { kNone, kSession, kTerminal, kUser, kFolder, kExecute };

/// What the child tells of its failure.
struct Report {
  Stage stage = Stage::kNone;
  int code = 0;
};

/// All that the child needs, ready for system calls.
struct Plan {
  std::vector<const char*> candidates{};  // paths to try, null at the end
  std::vector<char*> arguments{};
  std::vector<char*> shell_arguments{};  // for a script without an interpreter: [1] is the script
  std::vector<char*> environment{};
  int program = -1;  // executed in place of the candidates, if there is one
  const char* folder = "/";
  const Credentials* credentials = nullptr;
  std::array<int, 3> descriptors{};
  bool terminal = false;
  std::array<int, 64> ignored_signals{};
  std::size_t ignored_count = 0;
  rlimit open_files{};
  Report* report = nullptr;
};

GUESTD_UNWATCHED bool set_credentials(const Credentials& credentials) {
  // The system calls: libc's functions of these names would change all threads of the agent.
#ifdef SYS_setgroups32
  return ::syscall(SYS_setgroups32, credentials.groups.size(), credentials.groups.data()) == 0 &&
         ::syscall(SYS_setresgid32, credentials.gid, credentials.gid, credentials.gid) == 0 &&
         ::syscall(SYS_setresuid32, credentials.uid, credentials.uid, credentials.uid) == 0;
#else
  return ::syscall(SYS_setgroups, credentials.groups.size(), credentials.groups.data()) == 0 &&
         ::syscall(SYS_setresgid, credentials.gid, credentials.gid, credentials.gid) == 0 &&
         ::syscall(SYS_setresuid, credentials.uid, credentials.uid, credentials.uid) == 0;
#endif
}

GUESTD_UNWATCHED void close_foreign(int first) {
  // All of ours close by themselves; this is for what the agent has inherited.
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  rlimit limit{};
  ::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit);
  const auto most = static_cast<int>(std::min(limit.rlim_cur, kWithoutCloseRange));
  for (int fd = first; fd < most; ++fd) ::syscall(SYS_close, fd);
}

GUESTD_UNWATCHED void execute(Plan& plan) {
  int kept = ENOENT;
  for (const char* candidate : plan.candidates) {
    if (candidate == nullptr) break;
    ::syscall(SYS_execve, candidate, plan.arguments.data(), plan.environment.data());
    if (errno == ENOEXEC) {
      plan.shell_arguments[1] = const_cast<char*>(candidate);
      ::syscall(SYS_execve, "/bin/sh", plan.shell_arguments.data(), plan.environment.data());
      errno = ENOEXEC;
    }
    // Of a folder in which the program cannot be had the next one may have it; what may not be run is told at the end.
    if (errno == EACCES) kept = EACCES;
    const bool next = errno == EACCES || errno == ENOENT || errno == ENOTDIR || errno == ESTALE || errno == ENODEV;
    if (!next) {
      kept = errno;
      break;
    }
  }
  errno = kept;
}

GUESTD_UNWATCHED void run_held(Plan& plan) {
  ::syscall(SYS_execveat, kHeldProgram, "", plan.arguments.data(), plan.environment.data(), AT_EMPTY_PATH);
}

GUESTD_UNWATCHED void execute_held(Plan& plan) {
  run_held(plan);
  // A script: its interpreter, or the shell, opens it by the descriptor, which has to stay then (execveat(2)).
  if (errno != ENOENT && errno != ENOEXEC) return;
  const bool has_interpreter = errno == ENOENT;
  ::syscall(SYS_fcntl, kHeldProgram, F_SETFD, 0);
  if (has_interpreter) return run_held(plan);
  plan.shell_arguments[1] = const_cast<char*>(kHeldProgramPath);
  ::syscall(SYS_execve, "/bin/sh", plan.shell_arguments.data(), plan.environment.data());
  errno = ENOEXEC;
}

GUESTD_UNWATCHED Stage become(Plan& plan) {
  if (::setsid() < 0) return Stage::kSession;
  for (int fd = 0; fd < kFirstForeign; ++fd) {
    // The sources are 3 or higher, so none is overwritten, and each copy stays open.
    if (::dup2(plan.descriptors[static_cast<std::size_t>(fd)], fd) < 0) return Stage::kSession;
  }
  if (plan.terminal && ::ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) return Stage::kTerminal;
  ::umask(S_IWGRP | S_IWOTH);
  ::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &plan.open_files, nullptr);
  if (plan.credentials != nullptr && !set_credentials(*plan.credentials)) return Stage::kUser;
  if (::chdir(plan.folder) != 0) return Stage::kFolder;
  const bool is_held = plan.program >= 0;
  // If it has that number already, it closes by itself already.
  if (is_held && plan.program != kHeldProgram && ::dup3(plan.program, kHeldProgram, O_CLOEXEC) < 0) {
    return Stage::kExecute;
  }
  close_foreign(is_held ? kHeldProgram + 1 : kFirstForeign);
  for (std::size_t index = 0; index < plan.ignored_count; ++index) {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    ::sigaction(plan.ignored_signals[index], &action, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (is_held) {
    execute_held(plan);
  } else {
    execute(plan);
  }
  return Stage::kExecute;
}

GUESTD_UNWATCHED int child_main(void* argument) {
  auto& plan = *static_cast<Plan*>(argument);
  const Stage stage = become(plan);
  plan.report->code = errno;
  plan.report->stage = stage;
  ::_exit(127);
}

/// A Report that a child with memory of its own can write too.
class SharedReport {
 public:
  SharedReport() : memory_(::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ != MAP_FAILED) new (memory_) Report;
  }
  SharedReport(const SharedReport&) = delete;
  SharedReport& operator=(const SharedReport&) = delete;
  ~SharedReport() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, sizeof(Report));
  }
  [[nodiscard]] Report* get() const { return memory_ == MAP_FAILED ? nullptr : static_cast<Report*>(memory_); }

 private:
  void* memory_;
};

/// No handler of the agent's may run in the child, which would have the agent's memory under its feet.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

Error failure(const ProcessStart& start, const Report& report) {
  switch (report.stage) {
    case Stage::kFolder: {
      const std::string reason = Error::from_errno("", report.code).text.substr(2);
      return {"Failed to change to directory \u201C" + excerpt(start.folder) + "\u201D (" + reason + ")", report.code};
    }
    case Stage::kUser:
      return Error::from_errno("cannot become user " + std::to_string(start.credentials->uid), report.code);
    case Stage::kTerminal:
      return Error::from_errno("cannot give the terminal to the program", report.code);
    default:
      return execute_error(start.path, Error::from_errno("", report.code).text.substr(2), report.code);
  }
}

bool has_nul(const std::vector<std::string>& strings) {
  return std::ranges::any_of(strings, [](const std::string& each) { return each.find('\0') != std::string::npos; });
}

/// The first thing that no program can be given; nothing if all is well.
const char* find_nul(const ProcessStart& start) {
  if (start.path.find('\0') != std::string::npos) return "the path contains a NUL";
  if (has_nul(start.arguments)) return "an argument contains a NUL";
  if (has_nul(start.environment)) return "a variable contains a NUL";
  if (start.folder.find('\0') != std::string::npos) return "the folder contains a NUL";
  return nullptr;
}

class SystemProcesses final : public Processes {
 public:
  SystemProcesses() { ::getrlimit(RLIMIT_NOFILE, &open_files_); }

  Result<StartedProcess> start(ProcessStart start) override {
    if (const char* wrong = find_nul(start)) return execute_error(start.path, wrong, EINVAL);
    if (auto ready = get_ready(); !ready) return std::move(ready).error();
    const auto paths = program_candidates(start);
    std::vector<std::string> argument_texts{start.path};
    std::ranges::move(start.arguments, std::back_inserter(argument_texts));
    Plan plan;
    for (const std::string& path : paths) plan.candidates.push_back(path.c_str());
    plan.arguments = c_strings(argument_texts);
    plan.environment = c_strings(start.environment);
    plan.shell_arguments = plan.arguments;
    plan.shell_arguments.insert(plan.shell_arguments.begin(), const_cast<char*>("/bin/sh"));
    plan.program = start.program;
    plan.folder = start.folder.c_str();
    plan.credentials = start.credentials ? &*start.credentials : nullptr;
    plan.descriptors = {or_null(start.input), or_null(start.output), or_null(start.error)};
    plan.terminal = start.terminal;
    plan.ignored_signals = ignored_signals_;
    plan.ignored_count = ignored_count_;
    plan.open_files = open_files_;
    return launch(start, plan);
  }

 private:
  static Result<StartedProcess> launch(const ProcessStart& start, Plan& plan) {
    // A child that becomes another user does not share our memory while it is that user: what he may do to his
    // processes must not reach ours.
    const bool shares_memory = plan.credentials == nullptr;
    Report own_report;
    std::optional<SharedReport> shared_report;
    plan.report = &own_report;
    if (!shares_memory) {
      shared_report.emplace();
      plan.report = shared_report->get();
      if (plan.report == nullptr) return execute_error(start.path, "out of memory", ENOMEM);
    }
    alignas(16) std::array<std::byte, kStackBytes> stack;
    int pidfd = -1;
    const unsigned flags = (shares_memory ? CLONE_VM : 0U) | CLONE_VFORK | kClonePidfd | SIGCHLD;
    const SystemClock clock;
    StartedProcess started;
    started.birth.not_before = clock.since_boot();
    {
      const AllSignalsBlocked blocked;
      started.birth.pid = ::clone(child_main, stack.data() + stack.size(), static_cast<int>(flags), &plan, &pidfd);
    }
    const int code = errno;
    started.birth.not_after = clock.since_boot();
    started.pidfd.reset(pidfd);
    if (started.birth.pid < 0) return failure(start, {Stage::kExecute, code});
    if (plan.report->stage == Stage::kNone) return started;
    ::waitpid(started.birth.pid, nullptr, 0);
    return failure(start, *plan.report);
  }

  // With the first program, so that an agent which starts none does not pay.
  Result<void> get_ready() {
    const std::lock_guard lock(mutex_);
    if (null_.valid()) return {};
    ignored_count_ = 0;
    for (int number = 1; number < NSIG; ++number) {
      struct sigaction action {};
      const bool ignored = ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
      if (ignored && ignored_count_ < ignored_signals_.size()) ignored_signals_[ignored_count_++] = number;
    }
    null_.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null_.valid()) return Error::from_errno("cannot open /dev/null", errno);
    return {};
  }

  [[nodiscard]] int or_null(int fd) const { return fd >= 0 ? fd : null_.get(); }

  std::mutex mutex_;  // of what get_ready() makes; constant afterwards
  UniqueFd null_;
  std::array<int, 64> ignored_signals_{};
  std::size_t ignored_count_ = 0;
  rlimit open_files_{};
};

}  // namespace

std::vector<std::string> program_candidates(const ProcessStart& start) {
  // What has a slash is a path already.
  if (start.path.empty() || start.path.find('/') != std::string::npos) return {start.path};
  std::vector<std::string> paths;
  std::string_view rest = start.search;
  while (true) {
    const std::size_t colon = rest.find(':');
    const std::string_view folder = rest.substr(0, colon);
    paths.push_back((folder.empty() ? std::string(".") : std::string(folder)) + "/" + start.path);
    if (colon == std::string_view::npos) return paths;
    rest.remove_prefix(colon + 1);
  }
}

std::unique_ptr<Processes> system_processes() { return std::make_unique<SystemProcesses>(); }

}  // namespace guestd::platform
