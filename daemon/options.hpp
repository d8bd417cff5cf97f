// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/configuration.hpp"
#include "daemon/configuration_file.hpp"

namespace guestd::daemon {

/// What a start depends on besides its arguments.
struct StartContext {
  /// Every name that a list of commands may contain, in the order of the schema; -b help prints them.
  std::span<const std::string_view> known_commands;
  /// What --schema prints, one JSON object per line.
  std::string_view introspection;
  /// `option` is filled in from -c.
  ConfigurationSources sources;
  /// Where relative paths of options begin; empty: in the current folder. For reading a configuration anew after the
  /// process has left that folder.
  std::string folder{};
  /// The freeze hook, "" for the default one. An option comes before it, and it comes before the configuration file.
  std::optional<std::string> hook{};
};

/// What the command line asks for, as data: nothing has been printed (but for getopt's own line about a wrong option,
/// on stderr), opened or changed. main prints `output` and `errors`, and unless `action` is kRun it ends with
/// `exit_code`.
struct CommandLine {
  enum class Action {
    kRun,
    kPrintHelp,
    kPrintVersion,
    kListCommands,
    kPrintSchema,
    kDumpConfiguration,
    kCheckConfiguration,
    kPrintUnitDropIn,
    kThawStale,  ///< thaw what a killed agent has left frozen, and end; `configuration` is as for kRun
    kFail,
  };

  Action action = Action::kRun;
  Configuration configuration;        ///< complete and checked for kRun only
  std::vector<std::string> warnings;  ///< for the log; kRun only
  std::string configuration_folder;   ///< of a file that -c or QGA_CONF names; kRun only
  std::vector<std::string> sources;   ///< what load_configuration() returned, absolute; kRun only
  std::string output;                 ///< for stdout, line breaks included
  std::string errors;                 ///< for stderr, line breaks included
  int exit_code = 0;
};

/// qemu-ga's options, --check-config and --schema. Reads the configuration file. -V, -h, --schema and -b help act when
/// they are met, without a look at the file. `argv` has at least one element. Not thread-safe, because getopt is not.
CommandLine parse_command_line(int argc, char* const* argv, const StartContext& context);

/// The text of -h. `program` is how guestd was called.
std::string help_text(std::string_view program);
/// The lines of an introspection as one JSON array, still one element per line.
std::string schema_text(std::string_view introspection);
/// The line of -V: that of qemu-ga if called by this name.
std::string version_text(std::string_view program);

}  // namespace guestd::daemon
