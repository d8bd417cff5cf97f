// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/unique_fd.hpp"
#include "daemon/configuration_file.hpp"
#include "platform/root.hpp"

namespace guestd::daemon {
namespace {

constexpr std::size_t kFileBytes = 1U << 20U;

Result<void> check_owner_and_mode(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return Error::from_errno("cannot stat it", errno);
  if (!S_ISREG(status.st_mode)) return Error{"Not a regular file"};
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return Error{"it belongs to user id " + std::to_string(status.st_uid) + ", but must belong to root"};
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{"others than its owner can write it (chmod go-w corrects that)"};
  }
  return {};
}

Result<std::string> read_all(int fd) {
  std::string text;
  std::array<char, 4096> piece{};
  while (text.size() <= kFileBytes) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count == 0) return text;
    if (count > 0) {
      text.append(piece.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return Error::from_errno("cannot read it", errno);
    }
  }
  return Error{"it is larger than 1 MiB"};
}

bool is_missing(const Error& error) { return error.errno_value == ENOENT || error.errno_value == ENOTDIR; }

// Puts the path into what `found` has and adds it to `findings`.
void merge(const std::string& path, const Findings& found, Findings& findings) {
  for (const auto& text : found.errors) {
    findings.errors.push_back("error loading configuration from path: " + path + ", " + text);
  }
  for (const auto& text : found.warnings) findings.warnings.push_back(path + ": " + text);
}

// Asking the C library for the text of what is missing at most starts would load its translations.
constexpr const char* kMissingText = "No such file or directory";

enum class Outcome { kMissing, kSetsNothing, kRead };

Outcome load_one(const std::string& path, Configuration& configuration, Findings& findings) {
  const auto text = read_configuration_file(path);
  if (!text && is_missing(text.error())) return Outcome::kMissing;
  Findings found;
  bool sets_something = true;
  if (text) {
    sets_something = apply_configuration_text(*text, configuration, found);
  } else {
    found.errors.push_back(text.error().text);
  }
  merge(path, found, findings);
  return sets_something ? Outcome::kRead : Outcome::kSetsNothing;
}

/// The path that is in effect, if one is.
std::optional<std::string> load_default(const std::vector<std::string>& paths, Configuration& configuration,
                                        Findings& findings) {
  for (auto path = paths.begin(); path != paths.end(); ++path) {
    if (load_one(*path, configuration, findings) != Outcome::kRead) continue;
    for (auto other = path + 1; other != paths.end(); ++other) {
      if (::access(other->c_str(), F_OK) == 0) {
        findings.warnings.push_back(*other + " is ignored, because " + *path + " is in effect");
      }
    }
    return *path;
  }
  return std::nullopt;
}

Result<void> check_folder(const std::string& path, const UniqueFd& fd) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::from_errno(path, errno);
  const bool is_safe =
      (status.st_uid == 0 || status.st_uid == ::geteuid()) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  if (is_safe) return {};
  return Error{path + " must belong to root, and others must not be able to write it"};
}

// A link to nothing is there: somebody has meant it to lead somewhere.
bool is_there(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/// The names of the files to read, sorted, or nothing if there is no such folder; what lies there and is not read is
/// warned of.
Result<std::optional<std::vector<std::string>>> drop_ins(const std::string& folder, Findings& findings) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT && !is_there(folder)) return std::optional<std::vector<std::string>>();
  if (!fd.valid()) return Error::from_errno(folder, errno);
  std::vector<std::string> names;
  if (auto safe = check_folder(folder, fd); !safe) return std::move(safe).error();
  auto listed = platform::Root::system().list(folder);
  if (!listed) return std::move(listed).error();
  for (std::string& name : *listed) {
    if (name.starts_with('.')) {
      findings.warnings.push_back(folder + "/" + name + " is ignored: its name begins with a dot");
    } else if (name.ends_with(".conf")) {
      names.push_back(std::move(name));
    } else {
      findings.warnings.push_back(folder + "/" + name + " is ignored: its name does not end in .conf");
    }
  }
  return std::optional(std::move(names));
}

/// Whether there is such a folder.
bool load_drop_ins(const std::string& folder, Configuration& configuration, Findings& findings) {
  const auto names = drop_ins(folder, findings);
  if (!names) {
    findings.errors.push_back("error loading configuration from path: " + names.error().text);
    return true;
  }
  if (!*names) return false;
  for (const std::string& name : **names) {
    const std::string path = folder + "/" + name;
    if (load_one(path, configuration, findings) == Outcome::kMissing) {
      merge(path, {{kMissingText}, {}}, findings);  // a link to nothing, or just removed
    }
  }
  return true;
}

}  // namespace

Result<std::string> read_configuration_file(const std::string& path) {
  // O_NONBLOCK: a FIFO in this place must not hold up the start.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid()) {
    const int code = errno;
    return Error{code == ENOENT ? kMissingText : std::generic_category().message(code), code};
  }
  if (auto checked = check_owner_and_mode(fd.get()); !checked) return std::move(checked).error();
  return read_all(fd.get());
}

std::vector<std::string> load_configuration(const ConfigurationSources& sources, Configuration& configuration,
                                            Findings& findings) {
  std::vector<std::string> in_effect;
  std::string folder = sources.drop_in_folder;
  if (const auto& named = sources.option ? sources.option : sources.environment) {
    folder = *named + ".d";
    if (load_one(*named, configuration, findings) != Outcome::kMissing) {
      in_effect.push_back(*named);
    } else if (sources.option) {
      merge(*named, {{kMissingText}, {}}, findings);
    } else {
      merge(*named, {{}, {"the file that QGA_CONF names is missing: defaults are in effect"}}, findings);
    }
  } else if (auto path = load_default(sources.defaults, configuration, findings)) {
    in_effect.push_back(*std::move(path));
  }
  if (load_drop_ins(folder, configuration, findings)) in_effect.push_back(folder);
  for (const std::string& path : sources.in_effect_before) {
    if (!is_there(path)) merge(path, {{"it was in effect and is missing now"}, {}}, findings);
  }
  return in_effect;
}

}  // namespace guestd::daemon
