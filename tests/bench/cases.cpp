// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/cases.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "base/unique_fd.hpp"
#include "protocol/base64.hpp"
#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::bench {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;
using Clock = std::chrono::steady_clock;

constexpr auto kDeadline = 120s;
/// Files to read lie where those of a guest lie, and are in the page cache.
constexpr std::string_view kOnDisk = "/var/tmp";
constexpr std::string_view kPing = "{\"execute\":\"guest-ping\"}\n";
constexpr std::string_view kSync = "{\"execute\":\"guest-sync\",\"arguments\":{\"id\":1712345678901}}\n";
/// Longer than a worker without work lives, so that "idle" means idle.
constexpr auto kSettle = 3s;

struct Spent {
  double cpu_ns = 0;
  double wall_ns = 0;
};

template <typename Work>
Spent spent_on(pid_t pid, Work work) {
  const auto cpu = support::cpu_time_of(pid);
  const auto wall = Clock::now();
  work();
  const auto wall_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - wall).count();
  return {static_cast<double>((support::cpu_time_of(pid) - cpu).count()), static_cast<double>(wall_ns)};
}

Agent agent_of(const std::string& binary) {
  Agent::Options options;
  options.binary = binary;
  return Agent(std::move(options));
}

std::size_t ask(Client& client, std::string_view request) {
  if (!client.send(request, kDeadline)) throw std::runtime_error("the agent does not read");
  const std::size_t bytes = client.discard_line(kDeadline);
  if (bytes == 0) throw std::runtime_error("no reply");
  return bytes;
}

PerRequest repeated_by(Client& client, pid_t pid, std::string_view request, int count) {
  for (int i = 0; i < std::min(count, 100); ++i) ask(client, request);
  const Spent spent = spent_on(pid, [&] {
    for (int i = 0; i < count; ++i) ask(client, request);
  });
  return {spent.cpu_ns / 1000 / count, count * 1e9 / spent.wall_ns};
}

PerRequest repeated(const std::string& binary, std::string_view request, int count) {
  const Agent agent = agent_of(binary);
  Client client(agent.socket());
  return repeated_by(client, agent.pid(), request, count);
}

UniqueFd listen_at(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  // The generic address type of the sockets API.
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (!fd.valid() || ::bind(fd.get(), generic, sizeof address) < 0 || ::listen(fd.get(), 1) < 0) {
    throw std::runtime_error("cannot listen at " + path);
  }
  return fd;
}

// One client until it goes; edge-triggered, as the agent waits.
[[noreturn]] void echo_and_exit(int listener) {
  constexpr std::string_view kReply = "{\"return\": {}}\n";
  const int client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  const int epoll = ::epoll_create1(0);
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLET;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, client, &wanted) < 0) ::_exit(1);
  std::array<char, 4096> chunk{};
  for (epoll_event event{}; ::epoll_wait(epoll, &event, 1, -1) >= 0 || errno == EINTR;) {
    const ssize_t count = ::read(client, chunk.data(), chunk.size());
    if (count == 0) ::_exit(0);
    if (count > 0 && ::write(client, kReply.data(), kReply.size()) < 0) ::_exit(1);
  }
  ::_exit(1);
}

std::string read_request(std::int64_t handle, std::size_t bytes) {
  return R"({"execute":"guest-file-read","arguments":{"handle":)" + std::to_string(handle) + R"(,"count":)" +
         std::to_string(bytes) + "}}\n";
}

std::string handle_request(std::string_view command, std::int64_t handle, std::string_view more = "") {
  return R"({"execute":")" + std::string(command) + R"(","arguments":{"handle":)" + std::to_string(handle) +
         std::string(more) + "}}\n";
}

std::size_t repetitions(const Effort& effort, std::size_t payload_bytes) {
  // Small requests are dominated by the round trip: 4 MiB of them already say enough.
  const std::size_t bulk = payload_bytes < (std::size_t{64} << 10U) ? effort.bulk_bytes / 16 : effort.bulk_bytes;
  return std::max<std::size_t>(1, bulk / payload_bytes);
}

Transfer per_byte(const Spent& spent, std::size_t bytes) {
  const auto count = static_cast<double>(bytes);
  return {spent.cpu_ns / count, count / (1 << 20U) * 1e9 / spent.wall_ns};
}

void write_once(Client& client, const std::string& path, std::size_t bytes) {
  const auto handle = support::open_file(client, path, "w");
  ask(client, support::write_request(handle, bytes));
  ask(client, handle_request("guest-file-close", handle));
}

void read_once(Client& client, const std::string& path, std::size_t bytes) {
  const auto handle = support::open_file(client, path, "r");
  if (ask(client, read_request(handle, bytes)) < protocol::base64::encoded_size(bytes)) {
    throw std::runtime_error("a read came back short");
  }
  ask(client, handle_request("guest-file-close", handle));
}

double resident_kib(const Agent& agent) { return static_cast<double>(support::memory_of(agent.pid()).resident_kib); }

template <typename Work>
double peak_above_idle(const Agent& agent, Work work) {
  std::this_thread::sleep_for(kSettle);
  const double idle = resident_kib(agent);
  support::reset_peak(agent.pid());
  work();
  return static_cast<double>(support::memory_of(agent.pid()).peak_kib) - idle;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

PerRequest ping(const std::string& binary, const Effort& effort) { return repeated(binary, kPing, effort.pings); }

PerRequest bare_echo(const Effort& effort) {
  const support::TempDir dir;
  const std::string path = dir / "echo";
  const UniqueFd listener = listen_at(path);
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("cannot fork");
  if (pid == 0) echo_and_exit(listener.get());
  PerRequest result;
  {
    Client client(path);
    result = repeated_by(client, pid, kPing, effort.pings);
  }
  ::waitpid(pid, nullptr, 0);
  return result;
}

PerRequest plain_command(const std::string& binary, const Effort& effort, const std::string& command) {
  constexpr int kPingsFor = 400;  // such a command takes longer than this many pings
  return repeated(binary, R"({"execute":")" + command + "\"}\n", std::max(1, effort.pings / kPingsFor));
}

PerRequest sync(const std::string& binary, const Effort& effort) { return repeated(binary, kSync, effort.pings); }

PerRequest crowd(const std::string& binary, const Effort& effort) {
  constexpr int kCrowd = 8;
  const int each = effort.pings / kCrowd;
  const Agent agent = agent_of(binary);
  const Spent spent = spent_on(agent.pid(), [&] {
    std::vector<std::jthread> clients;
    clients.reserve(kCrowd);
    for (int i = 0; i < kCrowd; ++i) {
      clients.emplace_back([&agent, each] {
        Client client(agent.socket());
        for (int n = 0; n < each; ++n) ask(client, kPing);
      });
    }
  });
  return {spent.cpu_ns / 1000 / (each * kCrowd), each * kCrowd * 1e9 / spent.wall_ns};
}

Transfer file_write(const std::string& binary, const Effort& effort, std::size_t payload_bytes) {
  const Agent agent = agent_of(binary);
  Client client(agent.socket());
  const auto handle = support::open_file(client, agent.folder().file("written"), "w");
  const std::string request = support::write_request(handle, payload_bytes);
  const std::size_t count = repetitions(effort, payload_bytes);
  const Spent spent = spent_on(agent.pid(), [&] {
    for (std::size_t i = 0; i < count; ++i) ask(client, request);
    ask(client, handle_request("guest-file-close", handle));
  });
  return per_byte(spent, payload_bytes * count);
}

Transfer file_read(const std::string& binary, const Effort& effort, std::size_t payload_bytes) {
  const Agent agent = agent_of(binary);
  const std::size_t count = repetitions(effort, payload_bytes);
  const support::TempDir disk(kOnDisk);
  const auto path = disk.write("big", std::string(payload_bytes * std::min<std::size_t>(count, 16), 'x'));
  Client client(agent.socket());
  const auto handle = support::open_file(client, path, "r");
  const std::string request = read_request(handle, payload_bytes);
  const std::string rewind = handle_request("guest-file-seek", handle, R"(,"offset":0,"whence":"set")");
  const Spent spent = spent_on(agent.pid(), [&] {
    for (std::size_t i = 0; i < count; ++i) {
      if (i % 16 == 0 && i > 0) ask(client, rewind);
      if (ask(client, request) < protocol::base64::encoded_size(payload_bytes)) {
        throw std::runtime_error("a read came back short");
      }
    }
  });
  return per_byte(spent, payload_bytes * count);
}

double start_to_first_reply(const std::string& binary) {
  const auto start = Clock::now();
  Agent::Options options;
  options.binary = binary;
  options.wait_until_ready = false;
  Agent agent(std::move(options));
  std::unique_ptr<Client> client;
  while (!client) {
    try {
      client = std::make_unique<Client>(agent.socket());
    } catch (const std::runtime_error&) {
      if (!agent.process().is_running() || Clock::now() - start > kDeadline) throw;
      std::this_thread::sleep_for(50us);
    }
  }
  ask(*client, kSync);
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

Footprint footprint(const std::string& binary) {
  constexpr std::size_t kMiB = std::size_t{1} << 20U;
  const Agent agent = agent_of(binary);
  Client client(agent.socket());
  ask(client, kSync);
  std::this_thread::sleep_for(kSettle);
  Footprint result;
  result.idle_proportional = static_cast<double>(support::memory_of(agent.pid()).proportional_kib);
  result.idle_resident = resident_kib(agent);

  const std::string path = agent.folder().file("transfer");
  write_once(client, path, 16 * kMiB);
  read_once(client, path, 16 * kMiB);
  std::this_thread::sleep_for(kSettle);
  result.growth_after_transfer = resident_kib(agent) - result.idle_resident;

  result.peak_of_write = peak_above_idle(agent, [&] { write_once(client, path, 32 * kMiB); });
  agent.folder().write("transfer", std::string(48 * kMiB, 'x'));
  result.peak_of_read = peak_above_idle(agent, [&] { read_once(client, path, 48 * kMiB); });
  return result;
}

double idle_wakeups(const std::string& binary, const Effort& effort, bool connected) {
  const Agent agent = agent_of(binary);
  auto client = std::make_unique<Client>(agent.socket());
  ask(*client, kSync);
  if (!connected) client.reset();
  // What the start has put off comes a second later, and its thread ends after two more.
  std::this_thread::sleep_for(2 * kSettle);
  const auto before = support::context_switches_of(agent.pid());
  std::this_thread::sleep_for(std::chrono::milliseconds(effort.idle_ms));
  // A thread that ends takes its count with it.
  const auto after = support::context_switches_of(agent.pid());
  return static_cast<double>(std::max(before, after) - std::min(before, after));
}

}  // namespace guestd::bench
