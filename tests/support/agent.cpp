// SPDX-License-Identifier: Apache-2.0
#include "tests/support/agent.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace guestd::support {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

/// Argument vector for execve; the strings stay owned by `texts`.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& additions) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    // What the test itself was given by its service manager is not for the agent.
    if (text.starts_with("LISTEN_") || text.starts_with("NOTIFY_SOCKET=")) continue;
    result.emplace_back(text);
  }
  result.insert(result.end(), additions.begin(), additions.end());
  return result;
}

/// Between fork and exec: only what is safe there.
void arrange_descriptors(int output, const std::vector<int>& inherited) {
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 0);
  ::dup2(output >= 0 ? output : null, 1);
  ::dup2(output >= 0 ? output : null, 2);
  // First out of the way, so that no source is overwritten before it was copied.
  int base = 100;
  for (const int fd : inherited) ::dup2(fd, base++);
  for (int i = 0; i < base - 100; ++i) ::dup2(100 + i, 3 + i);
  ::close_range(static_cast<unsigned>(3 + base - 100), ~0U, 0);
}

long field_kib(const std::string& text, std::string_view name) {
  const auto at = text.find("\n" + std::string(name));
  if (at == std::string::npos) return 0;
  return std::strtol(text.c_str() + at + 1 + name.size(), nullptr, 10);
}

template <typename Visit>
void for_each_thread(pid_t pid, Visit visit) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/task";
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) visit(entry.path().string());
}

bool is_connectable(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

std::string agent_binary() {
  if (const char* path = std::getenv("GUESTD"); path != nullptr) return path;
#ifdef GUESTD_BINARY
  return GUESTD_BINARY;
#else
  throw std::runtime_error("set GUESTD to the path of the agent");
#endif
}

std::string peer_binary() {
  const char* chosen = std::getenv("QEMU_GA");
  const std::string path = chosen != nullptr ? chosen : "/usr/sbin/qemu-ga";
  return ::access(path.c_str(), X_OK) == 0 ? path : "";
}

void sleep_for(std::chrono::milliseconds time) { ::usleep(static_cast<useconds_t>(time.count() * 1000)); }

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TempFolder::TempFolder() {
  const bool has_shm = ::access("/dev/shm", W_OK) == 0;
  path_ = std::string(has_shm ? "/dev/shm" : "/tmp") + "/guestd-test-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) fail("cannot make " + path_);
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(std::string_view name, std::string_view content, mode_t mode) const {
  std::string path = file(name);
  std::ofstream(path, std::ios::binary) << content;
  if (::chmod(path.c_str(), mode) != 0) fail("cannot write " + path);
  return path;
}

Process::Process(const Launch& launch) {
  std::vector<std::string> arguments = launch.arguments;
  arguments.insert(arguments.begin(), launch.binary);
  std::vector<std::string> environment = merged_environment(launch.environment);
  // The machine is the one that the tests run on: its clock is not to be set, nor is it to be frozen or switched off.
  // Real freezes are tests/freeze's, in a world of their own.
  environment.emplace_back("GUESTD_HANDS_OFF=1");
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  const UniqueFd output(
      launch.output.empty() ? -1 : ::open(launch.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  pid_ = ::fork();
  if (pid_ < 0) fail("cannot fork");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  arrange_descriptors(output.get(), launch.inherited);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), ending_(other.ending_) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(ending_, other.ending_);
  return *this;
}

Process::~Process() {
  if (pid_ <= 0 || ending_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const {
  if (pid_ > 0 && !ending_) ::kill(pid_, number);
}

std::optional<Ending> Process::wait(std::chrono::milliseconds timeout) {
  eventually([this] { return !is_running(); }, timeout);
  return ending_;
}

bool Process::is_running() {
  if (pid_ <= 0 || ending_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  ending_ = WIFEXITED(status) ? Ending{true, WEXITSTATUS(status)} : Ending{false, WTERMSIG(status)};
  return false;
}

Memory memory_of(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::string status = slurp(folder + "/status");
  const std::string rollup = slurp(folder + "/smaps_rollup");
  return {field_kib(rollup, "Rss:"), field_kib(rollup, "Pss:"), field_kib(status, "VmHWM:")};
}

void reset_peak(pid_t pid) { std::ofstream("/proc/" + std::to_string(pid) + "/clear_refs") << "5"; }

std::chrono::nanoseconds cpu_time_of(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) fail("cannot read CPU time");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::uint64_t context_switches_of(pid_t pid) {
  std::uint64_t sum = 0;
  for_each_thread(pid, [&sum](const std::string& thread) {
    const std::string status = slurp(thread + "/status");
    sum += static_cast<std::uint64_t>(field_kib(status, "voluntary_ctxt_switches:"));
    sum += static_cast<std::uint64_t>(field_kib(status, "nonvoluntary_ctxt_switches:"));
  });
  return sum;
}

std::size_t threads_of(pid_t pid) {
  std::size_t count = 0;
  for_each_thread(pid, [&count](const std::string&) { ++count; });
#if defined(__SANITIZE_THREAD__)
  --count;  // the sanitizer's own
#endif
  return count;
}

void wait_until_connectable(const std::string& socket, Process& process) {
  const bool ended = !eventually([&] { return is_connectable(socket) || !process.is_running(); });
  if (ended || !process.is_running()) throw std::runtime_error("the agent does not listen on " + socket);
}

std::string empty_configuration(const TempFolder& folder) {
  return "QGA_CONF=" + folder.write("empty.conf", "[general]\n");
}

Agent::Agent(Options options) : options_(std::move(options)), socket_(folder_.file("qga.sock")) { start(); }

void Agent::start() {
  Launch launch{options_.binary,
                {"-m", "unix-listen", "-p", socket_, "-t", folder_.path()},
                options_.environment,
                {},
                folder_.file("output")};
  // Neither agent may read a configuration that this machine happens to have.
  launch.environment.insert(launch.environment.begin(), empty_configuration(folder_));
  launch.arguments.insert(launch.arguments.end(), options_.arguments.begin(), options_.arguments.end());
  process_ = Process(launch);
  if (!options_.wait_until_ready) return;
  try {
    wait_until_connectable(socket_, process_);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(error.what() + std::string("\n") + output());
  }
}

std::optional<Ending> Agent::stop() {
  process_.signal(SIGTERM);
  return process_.wait();
}

void Agent::crash_and_restart() {
  process_ = Process();
  start();
}

}  // namespace guestd::support
