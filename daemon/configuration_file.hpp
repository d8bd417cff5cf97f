// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "daemon/configuration.hpp"

namespace guestd::daemon {

/// Where the configuration file may be.
struct ConfigurationSources {
  std::optional<std::string> option;       ///< -c: must be there
  std::optional<std::string> environment;  ///< QGA_CONF: may be missing, with a warning
  /// Otherwise the first of these that is there and sets anything. A file of comments alone is passed over, so that
  /// the one that the package installs does not hide the block list that a machine has had for qemu-ga.
  std::vector<std::string> defaults{"/etc/guestd/guestd.conf", "/etc/qemu/qemu-ga.conf"};
  /// Read on top of the file, whichever of `defaults` that was: all *.conf in it, by name. A file that `option` or
  /// `environment` names has a folder of its own: its path and `.d`. Missing folders are as empty ones.
  std::string drop_in_folder{"/etc/guestd/guestd.conf.d"};
};

/// The text of a configuration file that nobody but root and the running user can have written: it must be a regular
/// file of one of the two, closed to writing by group and others. Checked on the opened file; links are followed.
Result<std::string> read_configuration_file(const std::string& path);

/// Reads the one file that counts, and the drop-ins that belong to it, into `configuration`. Errors have the form
/// `error loading configuration from path: <path>, <reason>`; everything else in the file is read nevertheless.
void load_configuration(const ConfigurationSources& sources, Configuration& configuration, Findings& findings);

/// Applies the text of a file. Reasons are added to `findings` without the path. False: the text sets nothing.
bool apply_configuration_text(std::string_view text, Configuration& configuration, Findings& findings);

}  // namespace guestd::daemon
