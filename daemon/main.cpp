// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "daemon/agent.hpp"
#include "daemon/audit_report.hpp"
#include "daemon/confinement_plan.hpp"
#include "daemon/dispatcher.hpp"
#include "daemon/log.hpp"
#include "daemon/options.hpp"
#include "daemon/process.hpp"
#include "daemon/status.hpp"
#include "daemon/thaw_stale.hpp"
#include "generated/introspection.hpp"
#include "platform/host.hpp"
#include "platform/process_limits.hpp"

namespace {

using namespace guestd;
using namespace guestd::daemon;

// Large messages come and go: their memory is mapped and given back, and worker threads share one arena.
void set_up_memory() {
  constexpr int kMappedFrom = 512 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kMappedFrom);
  ::mallopt(M_TRIM_THRESHOLD, kMappedFrom);
  ::mallopt(M_ARENA_MAX, 1);
}

int fail(const Error& error) {
  std::fprintf(stderr, "guestd: %s\n", error.text.c_str());
  return EXIT_FAILURE;
}

int thaw_stale(const Configuration& configuration) {
  const char* result = std::getenv("SERVICE_RESULT");
  if (result != nullptr && is_restarted_after(result)) return EXIT_SUCCESS;
  const auto log = open_log(configuration);
  if (!log) return fail(log.error());
  daemon::thaw_stale(configuration, platform::system_host(), **log);
  return (*log)->release() ? EXIT_SUCCESS : EXIT_FAILURE;
}

// Before there are threads; files that were opened by now stay open.
Result<platform::Confinement> confine(const CommandLine& line, Log& log) {
  auto plan = plan_confinement(line.configuration, command_rules(line.configuration));
  if (!plan.is_any()) return plan;
  if (may_be_frozen(line.configuration)) {
    log.warning("this process is not confined: it may have to thaw what an agent before it has left frozen");
    return platform::Confinement{};
  }
  if (!line.configuration_folder.empty()) plan.readable.push_back(line.configuration_folder);
  const auto confined = platform::confine(plan);
  if (!confined) return confined.error();
  if (!confined->system_calls) log.warning("this kernel does not filter system calls");
  if (!confined->files && plan.restricts_files) log.warning("this kernel does not restrict files (Landlock)");
  return plan;
}

Result<int> serve(const CommandLine& line, Agent::Read read_again) {
  const Configuration& configuration = line.configuration;
  std::optional<Background> background;
  std::optional<PidFile> pid_file;
  if (configuration.daemonize) {
    auto child = go_to_background();
    if (!child) return std::move(child).error();
    background.emplace(std::move(*child));
    auto written = PidFile::create(configuration.pidfile);
    if (!written) return std::move(written).error();
    pid_file.emplace(std::move(*written));
  }
  auto log = open_log(configuration);
  if (!log) return std::move(log).error();
  for (const std::string& warning : line.warnings) (*log)->warning(warning);

  // Programs of the host get the limit that was there before.
  auto host = platform::system_host();
  // Sockets, devices and the state file come on top. Less than that is told when a host meets it.
  constexpr std::size_t kOfProgram = 5;  // its pipes, its end, and one in passing
  (void)platform::allow_open_files(limits::kOpenFiles + 128 + kOfProgram * configuration.exec.processes);
  auto audit = open_audit(configuration, **log);
  if (!audit) return std::move(audit).error();
  auto confinement = confine(line, **log);
  if (!confinement) return std::move(confinement).error();
  (*log)->use_threads();
  auto agent = Agent::create(configuration, std::move(host), **log, **audit);
  if (!agent) return std::move(agent).error();
  (*agent)->is_confined_to(*std::move(confinement));
  (*agent)->reload_with(std::move(read_again), line.sources);
  auto served = (*agent)->run([&] {
    if (!background) return;
    if (auto ready = background->ready(); !ready) (*log)->error(ready.error().text);
  });
  if (!served) return std::move(served).error();
  if ((*agent)->has_stuck_commands()) {
    pid_file.reset();
    (*log)->finish();
    ::_exit(EXIT_SUCCESS);
  }
  return EXIT_SUCCESS;
}

/// `guestd status` and `guestd audit`: for a person in the guest. Nothing if it is neither.
std::optional<int> answer_person(int argc, char** argv, const StartContext& context) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word != "status" && word != "audit") return std::nullopt;
  std::vector<char*> rest;
  bool as_json = false;
  for (int i = 0; i < argc; ++i) {
    const bool is_json = std::string_view(argv[i]) == "--json";
    as_json = as_json || is_json;
    if (i != 1 && !is_json) rest.push_back(argv[i]);
  }
  const int count = static_cast<int>(rest.size());
  rest.push_back(nullptr);
  const CommandLine line = parse_command_line(count, rest.data(), context);
  if (line.action != CommandLine::Action::kRun) {
    std::fputs(line.errors.c_str(), stderr);
    return EXIT_FAILURE;
  }
  if (word == "audit") {
    const auto printed = print_audit(line.configuration, as_json);
    return printed ? EXIT_SUCCESS : fail(printed.error());
  }
  const auto status = ask_status(line.configuration.statedir);
  if (!status) return fail(status.error());
  std::fputs(status->c_str(), stdout);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  block_signals();
  set_up_memory();
  if (auto opened = open_standard_descriptors(); !opened) return EXIT_FAILURE;
  const std::vector<std::string_view> known = known_command_names();
  StartContext context;
  context.known_commands = known;
  context.introspection = commands::introspection();
  if (const char* file = std::getenv("QGA_CONF")) context.sources.environment = file;
  // As the unit of Red Hat's family has it from /etc/sysconfig/qemu-ga.
  if (const char* hook = std::getenv("FSFREEZE_HOOK_PATHNAME")) context.hook = hook;
  if (const auto code = answer_person(argc, argv, context)) return *code;
  const CommandLine line = parse_command_line(argc, argv, context);
  std::fputs(line.output.c_str(), stdout);
  std::fputs(line.errors.c_str(), stderr);
  if (line.action == CommandLine::Action::kThawStale) return thaw_stale(line.configuration);
  if (line.action != CommandLine::Action::kRun) return line.exit_code;
  // What is read anew is looked for where it was: a daemon leaves this folder, and it may be removed.
  if (line.configuration.daemonize || !line.configuration_folder.empty()) {
    std::error_code error;
    context.folder = std::filesystem::current_path(error).string();
  }
  auto code = serve(line, [argc, argv, &context](const std::vector<std::string>& in_effect) {
    StartContext again = context;
    again.sources.in_effect_before = in_effect;
    return parse_command_line(argc, argv, again);
  });
  return code ? *code : fail(code.error());
}
