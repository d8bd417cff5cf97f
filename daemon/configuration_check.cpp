// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "daemon/configuration.hpp"
#include "daemon/log_protocols.hpp"
#include "platform/freeze_hooks.hpp"
#include "platform/root.hpp"

namespace guestd::daemon {
namespace {

// 0, or why the effective user may not do that. Read-only file systems count, so root learns of them too.
int access_error(const std::string& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 ? 0 : errno;
}

int directory_error(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno;
  if (!S_ISDIR(status.st_mode)) return ENOTDIR;
  return access_error(path, W_OK | X_OK);
}

int log_file_error(const std::string& path) {
  if (is_foreign_link(path)) return ELOOP;
  const int error = access_error(path, W_OK);
  if (error != ENOENT || path.empty()) return error;
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return directory_error(folder.empty() ? "." : folder);
}

void note(Findings& findings, int error, std::string_view what, const std::string& path) {
  if (error == 0) return;
  findings.errors.push_back(Error::from_errno(std::string(what) + " '" + path + "'", error).text);
}

}  // namespace

void check_machine(const Configuration& configuration, Findings& findings) {
  note(findings, directory_error(configuration.statedir), "unable to write to state directory", configuration.statedir);
  if (configuration.logfile) {
    note(findings, log_file_error(*configuration.logfile), "unable to open specified log file", *configuration.logfile);
  }
  if (configuration.audit.enabled && configuration.audit.file) {
    note(findings, log_file_error(*configuration.audit.file), "unable to open audit file", *configuration.audit.file);
  }
  const auto hooks =
      platform::freeze_hooks(platform::Root::system(), configuration.fsfreeze_hook, configuration.freeze.hook_folder);
  if (!hooks) findings.errors.push_back(hooks.error().text);
}

}  // namespace guestd::daemon
