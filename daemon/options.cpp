// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.hpp"

#include <getopt.h>

#include <array>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "daemon/command_rules.hpp"
#include "daemon/config_text.hpp"
#include "daemon/confinement_plan.hpp"
#include "daemon/policy_paths.hpp"
#include "platform/root.hpp"

namespace guestd::daemon {
namespace {

// Options without a short form.
constexpr int kCheckConfig = 0x100;
constexpr int kSchema = 0x101;
constexpr int kThawStale = 0x102;
constexpr int kPrintUnitDropIn = 0x103;

constexpr const char* kShortOptions = "hVvdDrc:m:p:l:f:F::b:a:s:t:";

constexpr std::array kLongOptions{
    option{"allow-rpcs", required_argument, nullptr, 'a'},
    option{"blacklist", required_argument, nullptr, 'b'},
    option{"block-rpcs", required_argument, nullptr, 'b'},
    option{"check-config", no_argument, nullptr, kCheckConfig},
    option{"config", required_argument, nullptr, 'c'},
    option{"daemonize", no_argument, nullptr, 'd'},
    option{"dump-conf", no_argument, nullptr, 'D'},
    option{"fsfreeze-hook", optional_argument, nullptr, 'F'},
    option{"help", no_argument, nullptr, 'h'},
    option{"logfile", required_argument, nullptr, 'l'},
    option{"method", required_argument, nullptr, 'm'},
    option{"path", required_argument, nullptr, 'p'},
    option{"pidfile", required_argument, nullptr, 'f'},
    option{"print-unit-drop-in", required_argument, nullptr, kPrintUnitDropIn},
    option{"retry-path", no_argument, nullptr, 'r'},
    option{"schema", no_argument, nullptr, kSchema},
    option{"statedir", required_argument, nullptr, 't'},
    option{"thaw-stale", no_argument, nullptr, kThawStale},
    option{"verbose", no_argument, nullptr, 'v'},
    option{"version", no_argument, nullptr, 'V'},
    option{nullptr, 0, nullptr, 0},
};

struct GivenOption {
  int letter;
  std::optional<std::string> argument;
};

CommandLine ending(CommandLine::Action action, std::string output, int exit_code = 0) {
  CommandLine line;
  line.action = action;
  line.output = std::move(output);
  line.exit_code = exit_code;
  return line;
}

CommandLine print_unit_drop_in(std::string_view profile) {
  const auto known = profile_named(profile);
  if (known) return ending(CommandLine::Action::kPrintUnitDropIn, unit_drop_in(*known));
  CommandLine line = ending(CommandLine::Action::kFail, "", 1);
  line.errors = "option 'print-unit-drop-in' " + known.error().text + "\n";
  return line;
}

std::string joined(std::span<const std::string_view> names) {
  std::string text;
  for (const auto name : names) text.append(name).append("\n");
  return text;
}

// The options that end the start as soon as they are met.
std::optional<CommandLine> act_at_once(const GivenOption& given, std::string_view program,
                                       const StartContext& context) {
  using Action = CommandLine::Action;
  switch (given.letter) {
    case 'h':
      return ending(Action::kPrintHelp, help_text(program));
    case 'V':
      return ending(Action::kPrintVersion, version_text(program));
    case kSchema:
      return ending(Action::kPrintSchema, schema_text(context.introspection));
    case kPrintUnitDropIn:
      return print_unit_drop_in(given.argument.value_or(""));
    case 'a':
    case 'b':
      if (given.argument != "help" && given.argument != "?") return std::nullopt;
      return ending(Action::kListCommands, joined(context.known_commands));
    case '?':
      return ending(Action::kFail, "Unknown option, try '" + std::string(program) + " --help' for more information.\n",
                    1);
    default:
      return std::nullopt;
  }
}

// All options in order, or the outcome of the first one that acts at once.
std::optional<CommandLine> scan(int argc, char* const* argv, const StartContext& context,
                                std::vector<GivenOption>& given) {
  optind = 0;  // glibc: start anew
  int letter = 0;
  while ((letter = ::getopt_long(argc, argv, kShortOptions, kLongOptions.data(), nullptr)) != -1) {
    given.push_back({letter, optarg == nullptr ? std::nullopt : std::optional<std::string>(optarg)});
    if (auto outcome = act_at_once(given.back(), argv[0], context)) return outcome;
  }
  return std::nullopt;
}

std::string hook_named(const std::string& path) { return path.empty() ? std::string(kDefaultFreezeHook) : path; }

void apply(const GivenOption& given, Configuration& configuration) {
  const std::string argument = given.argument.value_or("");
  switch (given.letter) {
    case 'm':
      configuration.method = argument;
      break;
    case 'p':
      configuration.path = argument;
      break;
    case 'l':
      configuration.logfile = argument;
      break;
    case 'f':
      configuration.pidfile = argument;
      break;
    case 't':
      configuration.statedir = argument;
      break;
    case 'F':
      configuration.fsfreeze_hook = hook_named(given.argument.value_or(""));
      break;
    case 'v':
      configuration.verbose = true;
      break;
    case 'd':
      configuration.daemonize = true;
      break;
    case 'r':
      configuration.retry_path = true;
      break;
    case 'b':
      append_list(configuration.block_rpcs, argument);
      break;
    case 'a':
      append_list(configuration.allow_rpcs, argument);
      break;
    default:
      break;  // -s belongs to Windows; -c, -D, --check-config and --thaw-stale are not settings
  }
}

std::string from_folder(const std::string& folder, const std::string& path) {
  return folder.empty() || path.starts_with('/') ? path : folder + "/" + path;
}

CommandLine::Action action_of(const std::vector<GivenOption>& all, const std::string& folder,
                              ConfigurationSources& sources) {
  auto action = CommandLine::Action::kRun;
  if (sources.environment) sources.environment = from_folder(folder, *sources.environment);
  for (const auto& given : all) {
    if (given.letter == 'c') sources.option = from_folder(folder, given.argument.value_or(""));
    if (given.letter == 'D') action = CommandLine::Action::kDumpConfiguration;
    if (given.letter == kCheckConfig) action = CommandLine::Action::kCheckConfiguration;
    if (given.letter == kThawStale) action = CommandLine::Action::kThawStale;
  }
  return action;
}

std::string here() {
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

void note(Result<void> result, Findings& findings) {
  if (!result) findings.errors.push_back(std::move(result).error().text);
}

std::string check_report(const Findings& findings) {
  std::string text;
  for (const auto& warning : findings.warnings) text += "warning: " + warning + "\n";
  for (const auto& error : findings.errors) text += "error: " + error + "\n";
  if (findings.errors.empty()) text += "configuration is valid\n";
  return text;
}

std::string failure_report(std::string_view program, const Findings& findings) {
  std::string text;
  for (const auto& error : findings.errors) text.append(program).append(": ").append(error).append("\n");
  return text;
}

// What a dump leaves out: like qemu-ga it shows a configuration that would not run, as far as it can be read.
void check_for_run(const Configuration& configuration, const StartContext& context, Findings& findings) {
  if (configuration.path) note(check_channel(configuration), findings);
  check_command_names(configuration, context.known_commands, family_names(), findings);
  check_paths(platform::Root::system(), configuration.policy.access, findings);
}

std::string effective_policy(const Configuration& configuration) {
  const CommandRules rules(configuration.policy, CommandFilter(configuration.allow_rpcs, configuration.block_rpcs));
  return policy_table(configuration.policy, rules);
}

}  // namespace

CommandLine parse_command_line(int argc, char* const* argv, const StartContext& context) {
  using Action = CommandLine::Action;
  std::vector<GivenOption> given;
  if (auto outcome = scan(argc, argv, context, given)) return *std::move(outcome);

  CommandLine line;
  Findings findings;
  Configuration& configuration = line.configuration;
  ConfigurationSources sources = context.sources;
  line.action = action_of(given, context.folder, sources);
  line.sources = load_configuration(sources, configuration, findings);
  for (std::string& path : line.sources) path = std::filesystem::absolute(path).string();
  if (context.hook) configuration.fsfreeze_hook = hook_named(*context.hook);
  for (const auto& option : given) apply(option, configuration);
  note(set_default_path(configuration), findings);

  if (line.action != Action::kDumpConfiguration) check_for_run(configuration, context, findings);
  if (line.action == Action::kCheckConfiguration) {
    check_machine(configuration, findings);
    if (findings.errors.empty()) line.output = effective_policy(configuration) + "\n";
    line.output += check_report(findings);
    line.exit_code = findings.errors.empty() ? 0 : 1;
    return line;
  }
  if (!findings.errors.empty()) {
    line.action = Action::kFail;
    line.errors = failure_report(argv[0], findings);
    line.exit_code = 1;
    return line;
  }
  if (line.action == Action::kDumpConfiguration) line.output = configuration_text(configuration);
  if (configuration.daemonize) make_paths_absolute(configuration, context.folder.empty() ? here() : context.folder);
  line.warnings = std::move(findings.warnings);
  if (const auto& file = sources.option ? sources.option : sources.environment) {
    const std::string folder = context.folder.empty() ? here() : context.folder;
    line.configuration_folder = std::filesystem::path(from_folder(folder, *file)).parent_path().string();
  }
  return line;
}

}  // namespace guestd::daemon
