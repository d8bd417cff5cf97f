// SPDX-License-Identifier: Apache-2.0
#include "platform/power.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "platform/find_program.hpp"
#include "platform/linux/power_logind.hpp"

namespace guestd::platform {
namespace {

constexpr std::chrono::seconds kToolLimit{15};
// All of them together: the host waits for an answer.
constexpr std::chrono::seconds kAllToolsLimit{30};
// It is as long as the way to sleep and back, without the sleep itself.
constexpr std::chrono::seconds kSleepLimit{120};
constexpr const char* kUnsupportedSuspend = "the requested suspend mode is not supported by the guest";

/// What differs between the ways to end a system.
struct EndWords {
  const char* program;          // poweroff(8) and its brothers
  const char* target;           // of systemd
  const char* openrc_option;    // openrc-shutdown(8)
  const char* shutdown_option;  // shutdown(8), behind -h
};

EndWords end_words(PowerAction action) {
  if (action == PowerAction::kReboot) return {"reboot", "reboot.target", "-r", "-r"};
  if (action == PowerAction::kHalt) return {"halt", "halt.target", "-H", "-H"};
  return {"poweroff", "poweroff.target", "-p", "-P"};
}

/// What differs between the ways to sleep.
struct SleepWords {
  const char* target;     // of systemd
  const char* pm_option;  // pm-is-supported(1)
  const char* pm_program;
  const char* state;  // /sys/power/state
};

SleepWords sleep_words(PowerAction action) {
  if (action == PowerAction::kSuspendToRam) return {"suspend.target", "--suspend", "pm-suspend", "mem"};
  if (action == PowerAction::kSuspendToDisk) return {"hibernate.target", "--hibernate", "pm-hibernate", "disk"};
  return {"hybrid-sleep.target", "--suspend-hybrid", "pm-suspend-hybrid", "disk"};
}

bool exists(const Root& root, const std::string& path) { return root.open(path, O_PATH).has_value(); }

// sd_booted(3)
bool runs_systemd(const Root& root) { return exists(root, "/run/systemd/system"); }

std::string first_process(const Root& root) {
  auto name = root.read_file("/proc/1/comm");
  if (!name) return "";
  while (name->ends_with('\n')) name->pop_back();
  return *std::move(name);
}

std::optional<ProgramCall> tool(const Root& root, const char* program, std::vector<std::string> arguments) {
  auto path = find_program(root, program);
  if (!path) return std::nullopt;
  ProgramCall call;
  call.path = *std::move(path);
  call.arguments = std::move(arguments);
  call.time_limit = kToolLimit;
  return call;
}

// Straight to PID 1, by its own socket: this works without D-Bus, and no inhibitor of logind's has a say.
std::optional<ProgramCall> systemd_tool(const Root& root, const char* target) {
  if (!runs_systemd(root)) return std::nullopt;
  return tool(root, "systemctl",
              {"--no-block", "--no-ask-password", "--job-mode=replace-irreversibly", "start", target});
}

std::vector<ProgramCall> end_tools(const Root& root, PowerAction action) {
  const EndWords words = end_words(action);
  std::vector<ProgramCall> found;
  const auto add = [&](std::optional<ProgramCall> call) {
    if (call) found.push_back(*std::move(call));
  };
  add(systemd_tool(root, words.target));
  const std::string init = first_process(root);
  // Only openrc-init listens to it; OpenRC on top of another init has that one's tools.
  if (init == "openrc-init") add(tool(root, "openrc-shutdown", {words.openrc_option, "now"}));
  add(tool(root, words.program, {}));
  add(tool(root, "shutdown", {"-h", words.shutdown_option, "+0", "hypervisor initiated shutdown"}));
  if (init == "init" || init == "busybox") add(tool(root, "busybox", {words.program}));
  return found;
}

/// Whether it went well; else why not.
Result<void> run_tool(Programs& programs, const ProgramCall& call) {
  const auto end = programs.run(call);
  if (!end) return end.error();
  if (end->succeeded()) return {};
  std::string text = call.path + ": " + end->describe();
  if (const std::string said = end->last_lines(); !said.empty()) text += ": " + said;
  return Error{std::move(text)};
}

Error all_failed(const std::vector<std::string>& failures) {
  std::string text;
  for (const std::string& failure : failures) text += (text.empty() ? "" : "; ") + failure;
  return Error{std::move(text)};
}

std::vector<std::string> words_of(const Root& root, const std::string& path) {
  std::vector<std::string> words;
  const auto content = root.read_file(path);
  if (!content) return words;
  std::string word;
  for (const char character : *content + " ") {
    if (character != ' ' && character != '\n' && character != '[' && character != ']') {
      word += character;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

bool has_word(const Root& root, const std::string& path, std::string_view wanted) {
  for (const std::string& word : words_of(root, path)) {
    if (word == wanted) return true;
  }
  return false;
}

// The word in brackets is the one in force.
std::string disk_mode(const Root& root) {
  const auto content = root.read_file("/sys/power/disk");
  if (!content) return "";
  const auto open = content->find('[');
  const auto close = content->find(']');
  return open < close && close != std::string::npos ? content->substr(open + 1, close - open - 1) : "";
}

// Documentation/admin-guide/pm/sleep-states.rst
Result<void> suspend_by_kernel(const PowerTools& tools, PowerAction action) {
  if (action != PowerAction::kHybridSleep) return tools.kernel.write("state", sleep_words(action).state);
  const std::string before = disk_mode(tools.root);
  if (auto chosen = tools.kernel.write("disk", "suspend"); !chosen) return chosen;
  auto slept = tools.kernel.write("state", "disk");
  if (!before.empty() && before != "suspend") (void)tools.kernel.write("disk", before);
  return slept;
}

Result<void> suspend_without_logind(const PowerTools& tools, PowerAction action) {
  const SleepWords words = sleep_words(action);
  if (const auto supported = tool(tools.root, "pm-is-supported", {words.pm_option})) {
    auto call = tool(tools.root, words.pm_program, {});
    if (call && run_tool(tools.programs, *supported)) {
      call->time_limit = kSleepLimit;
      return run_tool(tools.programs, *call);
    }
  }
  if (!kernel_can_suspend(tools.root, action)) return Error::unsupported(kUnsupportedSuspend);
  if (const auto call = systemd_tool(tools.root, words.target)) {
    if (run_tool(tools.programs, *call)) return {};
  }
  return suspend_by_kernel(tools, action);
}

}  // namespace

bool kernel_can_suspend(const Root& root, PowerAction action) {
  if (!has_word(root, "/sys/power/state", sleep_words(action).state)) return false;
  return action != PowerAction::kHybridSleep || has_word(root, "/sys/power/disk", "suspend");
}

Result<void> shut_down(const PowerTools& tools, PowerAction action) {
  std::vector<std::string> failures;
  const auto logind = act_by_logind(tools.bus, action);
  if (logind && *logind == LogindAnswer::kBegun) return {};
  if (!logind) failures.push_back(logind.error().text);
  const auto end = tools.clock.monotonic() + kAllToolsLimit;
  for (ProgramCall& call : end_tools(tools.root, action)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - tools.clock.monotonic());
    if (left <= std::chrono::milliseconds::zero()) {
      failures.push_back(call.path + ": not tried, the others took too long");
      continue;
    }
    call.time_limit = std::min(call.time_limit, left);
    auto done = run_tool(tools.programs, call);
    if (done) return {};
    failures.push_back(std::move(done).error().text);
  }
  // Where the guest has a way of its own to go down and that failed, pulling the plug would cost data.
  if (!failures.empty()) return all_failed(failures);
  return tools.kernel.end_system(action);
}

Result<void> suspend(const PowerTools& tools, PowerAction action) {
  const auto logind = act_by_logind(tools.bus, action);
  if (!logind) return logind.error();
  if (*logind == LogindAnswer::kBegun) return {};
  if (*logind == LogindAnswer::kImpossible) return Error::unsupported(kUnsupportedSuspend);
  return suspend_without_logind(tools, action);
}

}  // namespace guestd::platform
