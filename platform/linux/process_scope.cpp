// SPDX-License-Identifier: Apache-2.0
#include "platform/process_scope.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <thread>
#include <utility>

#include "platform/linux/fields.hpp"

namespace guestd::platform {
namespace {

constexpr std::chrono::seconds kAnswerLimit{10};
constexpr std::chrono::milliseconds kLongestPause{50};
/// How often those are looked for that were started while the scope was made.
constexpr int kRounds = 3;

BusCall manager_call(std::string method, std::vector<BusArgument> arguments) {
  return {"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
          std::move(method),          std::move(arguments),        kAnswerLimit};
}

bool parse_pid(std::string_view text, pid_t& pid) {
  std::uint64_t number = 0;
  if (!parse_number(text, number) || number > static_cast<std::uint64_t>(std::numeric_limits<pid_t>::max()))
    return false;
  pid = static_cast<pid_t>(number);
  return true;
}

/// The processes of the agent's own control group (cgroups(7), version 2); none where there is no such thing.
std::vector<ProcessKin> neighbours(const Root& root) {
  std::vector<ProcessKin> all;
  const auto own = root.read_file("/proc/self/cgroup");
  if (!own) return all;
  std::string_view text = *own;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (!line.starts_with("0::/")) continue;
    const auto list = root.read_file("/sys/fs/cgroup" + std::string(line.substr(3)) + "/cgroup.procs");
    if (!list) return all;
    std::string_view pids = *list;
    while (!pids.empty()) {
      const auto stat = root.read_file("/proc/" + std::string(take_line(pids)) + "/stat");
      const auto kin = stat ? parse_process_kin(*stat) : std::nullopt;
      if (kin) all.push_back(*kin);
    }
  }
  return all;
}

/// systemd answers before it has moved the leader, and tells of the end of the job to all who listen; the leader's own
/// control group is the truth, and mostly there at the first look.
Result<void> await_arrival(const Root& root, const ProcessScope& scope) {
  const std::string path = "/proc/" + std::to_string(scope.leader) + "/cgroup";
  const auto limit = std::chrono::steady_clock::now() + kAnswerLimit;
  for (auto pause = std::chrono::milliseconds(1);; pause = std::min(2 * pause, kLongestPause)) {
    const auto groups = root.read_file(path);
    if (!groups) return Error{"PID " + std::to_string(scope.leader) + " has ended before it was in " + scope.unit};
    if ((*groups + "\n").find("/" + scope.unit + "\n") != std::string::npos) return {};
    if (std::chrono::steady_clock::now() >= limit) {
      return Error::timed_out("systemd does not move PID " + std::to_string(scope.leader) + " to " + scope.unit);
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

std::optional<ProcessKin> parse_process_kin(std::string_view stat) {
  ProcessKin kin;
  const std::size_t blank = stat.find(' ');
  // The name, in parentheses, may hold anything.
  const std::size_t name_end = stat.rfind(')');
  if (blank == std::string_view::npos || name_end == std::string_view::npos) return std::nullopt;
  if (!parse_pid(stat.substr(0, blank), kin.pid)) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  (void)take_word(stat);  // its state
  if (!parse_pid(take_word(stat), kin.parent)) return std::nullopt;
  (void)take_word(stat);  // its process group
  if (!parse_pid(take_word(stat), kin.session)) return std::nullopt;
  return kin;
}

std::vector<std::uint32_t> kin_of(pid_t leader, const std::vector<ProcessKin>& all) {
  std::vector<std::uint32_t> found{static_cast<std::uint32_t>(leader)};
  const auto is_found = [&](pid_t pid) {
    return std::ranges::find(found, static_cast<std::uint32_t>(pid)) != found.end();
  };
  for (std::size_t before = 0; before != found.size();) {
    before = found.size();
    for (const ProcessKin& each : all) {
      const bool belongs = each.session == leader || is_found(each.parent);
      if (belongs && !is_found(each.pid)) found.push_back(static_cast<std::uint32_t>(each.pid));
    }
  }
  return found;
}

bool has_systemd(const Root& root) { return root.open("/run/systemd/system", 0).has_value(); }

Result<void> make_process_scope(const SystemBus& bus, const Root& root, const ProcessScope& scope) {
  const auto connection = bus.connect();
  if (!connection) return connection.error();
  // The leader alone: a scope fails as a whole if one of its first processes has ended.
  std::vector<std::uint32_t> moved{static_cast<std::uint32_t>(scope.leader)};
  const BusProperties properties{
      {"PIDs", moved},
      {"Description", scope.description},
      {"CollectMode", std::string("inactive-or-failed")},
      // Without controllers: it only lets others be moved in later (org.freedesktop.systemd1(5)).
      {"DelegateControllers", std::vector<std::string>()}};
  auto made =
      (*connection)
          ->call(manager_call("StartTransientUnit", {scope.unit, std::string("fail"), properties, BusNoUnits{}}));
  if (!made) return std::move(made).error();
  if (auto arrived = await_arrival(root, scope); !arrived) return arrived;
  const auto limit = std::chrono::steady_clock::now() + kAnswerLimit;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::uint32_t> left = kin_of(scope.leader, neighbours(root));
    std::erase_if(left, [&](std::uint32_t pid) { return std::ranges::find(moved, pid) != moved.end(); });
    if (left.empty()) break;
    for (const std::uint32_t pid : left) {
      // However many they are, and however slow systemd is: the agent's end waits for this.
      if (std::chrono::steady_clock::now() >= limit) return {};
      // One by one, for the same reason. One that has ended is no failure of what was made.
      (void)(*connection)
          ->call(manager_call("AttachProcessesToUnit", {scope.unit, std::string(), std::vector<std::uint32_t>{pid}}));
    }
    moved.insert(moved.end(), left.begin(), left.end());
  }
  return {};
}

Result<void> signal_process_scope(const SystemBus& bus, const std::string& unit, int signal) {
  const auto connection = bus.connect();
  if (!connection) return connection.error();
  auto sent = (*connection)->call(manager_call("KillUnit", {unit, std::string("all"), std::int32_t{signal}}));
  if (!sent) return std::move(sent).error();
  return {};
}

}  // namespace guestd::platform
