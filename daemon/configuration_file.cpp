// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <span>
#include <system_error>
#include <utility>

#include "base/unique_fd.hpp"
#include "daemon/key_file.hpp"
#include "platform/root.hpp"

namespace guestd::daemon {
namespace {

constexpr std::size_t kFileBytes = 1U << 20U;
constexpr std::int64_t kMegabyte = std::int64_t{1} << 20U;

using Apply = Result<void> (*)(Configuration&, const KeyFile::Entry&);

struct Key {
  std::string_view name;
  Apply apply;
};

template <auto Member>
Result<void> set_string(Configuration& configuration, const KeyFile::Entry& entry) {
  auto value = string_value(entry);
  if (!value) return std::move(value).error();
  configuration.*Member = *std::move(value);
  return {};
}

template <auto Member>
Result<void> set_boolean(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = boolean_value(entry);
  if (!value) return value.error();
  configuration.*Member = *value;
  return {};
}

template <auto Member>
Result<void> add_list(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = string_value(entry);
  if (!value) return value.error();
  append_list(configuration.*Member, *value);
  return {};
}

Result<void> set_vsock_peers(Configuration& configuration, const KeyFile::Entry& entry) {
  std::vector<std::string> items;
  append_list(items, entry.value);
  VsockPeers peers{.any = false, .cids = {}};
  for (const auto& item : items) {
    std::uint32_t cid = 0;
    const auto [stop, error] = std::from_chars(item.data(), item.data() + item.size(), cid);
    if (item == "any") {
      peers.any = true;
    } else if (error == std::errc{} && stop == item.data() + item.size()) {
      peers.cids.push_back(cid);
    } else {
      return Error{"key 'allow-cid' has the item '" + item + "', which is neither a context id nor 'any'"};
    }
  }
  if (items.empty()) return Error{"key 'allow-cid' is empty: name a context id, or 'any'"};
  configuration.vsock_peers = std::move(peers);
  return {};
}

// fnmatch(3) takes a bracket that is never closed for an ordinary character: such a glob would match nothing, silently.
bool has_open_bracket(std::string_view glob) {
  while (!glob.empty()) {
    if (glob.front() == '[') {
      // The first character behind [ or [! is never the end.
      const std::size_t first = glob.substr(1).starts_with('!') || glob.substr(1).starts_with('^') ? 2 : 1;
      const std::size_t end = glob.find(']', first + 1);
      if (end == std::string_view::npos) return true;
      glob.remove_prefix(end);
    }
    glob.remove_prefix(std::min<std::size_t>(glob.front() == '\\' ? 2 : 1, glob.size()));
  }
  return false;
}

Result<void> set_hidden_interfaces(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = string_value(entry);
  if (!value) return value.error();
  std::vector<std::string> globs;
  append_list(globs, *value);
  std::reverse(globs.begin(), globs.end());
  for (const auto& glob : globs) {
    if (has_open_bracket(glob)) {
      return Error{"key 'hide-interfaces' has the item '" + glob + "', in which a '[' is never closed"};
    }
  }
  configuration.hidden_interfaces = std::move(globs);
  return {};
}

constexpr std::array kGeneralKeys{
    Key{"daemon", set_boolean<&Configuration::daemonize>},
    Key{"method", set_string<&Configuration::method>},
    Key{"path", set_string<&Configuration::path>},
    Key{"logfile", set_string<&Configuration::logfile>},
    Key{"pidfile", set_string<&Configuration::pidfile>},
    Key{"fsfreeze-hook", set_string<&Configuration::fsfreeze_hook>},
    Key{"statedir", set_string<&Configuration::statedir>},
    Key{"verbose", set_boolean<&Configuration::verbose>},
    Key{"retry-path", set_boolean<&Configuration::retry_path>},
    Key{"block-rpcs", add_list<&Configuration::block_rpcs>},
    Key{"blacklist", add_list<&Configuration::block_rpcs>},
    Key{"allow-rpcs", add_list<&Configuration::allow_rpcs>},
};

// `what`: such as "a number of seconds".
Result<std::int64_t> number_value(const KeyFile::Entry& entry, std::string_view what, std::int64_t least,
                                  std::int64_t most) {
  std::int64_t number = 0;
  const std::string& text = entry.value;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size() || number < least || number > most) {
    return Error{"key '" + entry.key + "' must be " + std::string(what) + " from " + std::to_string(least) + " to " +
                 std::to_string(most) + ", not '" + text + "'"};
  }
  return number;
}

// Seconds up to a day.
template <auto Group, auto Member, int Least>
Result<void> set_seconds(Configuration& configuration, const KeyFile::Entry& entry) {
  constexpr int kDay = 24 * 60 * 60;
  const auto seconds = number_value(entry, "a number of seconds", Least, kDay);
  if (!seconds) return seconds.error();
  configuration.*Group.*Member = std::chrono::seconds(*seconds);
  return {};
}

template <auto Member, std::int64_t Least, std::int64_t Most>
Result<void> set_exec_number(Configuration& configuration, const KeyFile::Entry& entry) {
  const bool is_count = Most < kMegabyte;
  const auto number = number_value(entry, is_count ? "a number" : "a number of bytes", Least, Most);
  if (!number) return number.error();
  configuration.exec.*Member = static_cast<std::size_t>(*number);
  return {};
}

template <auto Member>
Result<void> add_patterns(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = string_value(entry);
  if (!value) return value.error();
  append_list(configuration.freeze.*Member, *value);
  return {};
}

Result<void> add_mountpoints(Configuration& configuration, const KeyFile::Entry& entry) {
  auto added = add_patterns<&FreezeConfiguration::exclude_mountpoints>(configuration, entry);
  if (!added) return added;
  for (const std::string& pattern : configuration.freeze.exclude_mountpoints) {
    if (pattern.front() == '/' || pattern.front() == '*') continue;
    return Error{"key 'exclude-mountpoints' has the item '" + pattern +
                 "', which no mount point can match: they begin " + "with a slash"};
  }
  return {};
}

Result<void> set_hook_folder(Configuration& configuration, const KeyFile::Entry& entry) {
  auto value = string_value(entry);
  if (!value) return std::move(value).error();
  configuration.freeze.hook_folder = *std::move(value);
  return {};
}

constexpr std::array kFreezeKeys{
    Key{"timeout", set_seconds<&Configuration::freeze, &FreezeConfiguration::timeout, 0>},
    Key{"hook-timeout", set_seconds<&Configuration::freeze, &FreezeConfiguration::hook_timeout, 1>},
    Key{"hook-folder", set_hook_folder},
    Key{"exclude-mountpoints", add_mountpoints},
    Key{"exclude-devices", add_patterns<&FreezeConfiguration::exclude_devices>},
    Key{"exclude-types", add_patterns<&FreezeConfiguration::exclude_types>},
};

constexpr std::array kExecKeys{
    Key{"processes", set_exec_number<&ExecConfiguration::processes, 1, 1024>},
    Key{"output-limit", set_exec_number<&ExecConfiguration::output_limit_bytes, 4096, 16 * kMegabyte>},
    Key{"memory-limit", set_exec_number<&ExecConfiguration::memory_limit_bytes, kMegabyte, 65536 * kMegabyte>},
    Key{"timeout", set_seconds<&Configuration::exec, &ExecConfiguration::timeout, 0>},
    Key{"grace", set_seconds<&Configuration::exec, &ExecConfiguration::grace, 0>},
    Key{"keep-results", set_exec_number<&ExecConfiguration::keep_results, 1, 1024>},
    Key{"keep-time", set_seconds<&Configuration::exec, &ExecConfiguration::keep_time, 1>},
};

std::vector<std::string> items_of(std::string_view value) {
  std::vector<std::string> items;
  append_list(items, value);
  std::reverse(items.begin(), items.end());
  return items;
}

Error key_error(const KeyFile::Entry& entry, const Error& error) {
  return Error{"key '" + entry.key + "' " + error.text};
}

Result<void> set_profile(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto profile = profile_named(entry.value);
  if (!profile) return key_error(entry, profile.error());
  configuration.policy.profile = *profile;
  return {};
}

// Names are checked when all is read (check_command_names).
template <auto Member>
Result<void> add_names(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = string_value(entry);
  if (!value) return value.error();
  auto names = items_of(*value);
  if (names.empty()) return Error{"key '" + entry.key + "' is empty: name commands or families"};
  auto& list = configuration.policy.*Member;
  list.insert(list.end(), std::move_iterator(names.begin()), std::move_iterator(names.end()));
  return {};
}

template <auto Member>
Result<void> add_to_access(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = string_value(entry);
  if (!value) return value.error();
  const auto added = add_to_rule(configuration.policy.access.*Member, items_of(*value));
  return added ? Result<void>() : key_error(entry, added.error());
}

Result<void> set_confine(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = boolean_value(entry);
  if (!value) return value.error();
  configuration.policy.confine = *value;
  return {};
}

constexpr std::array kPolicyKeys{
    Key{"profile", set_profile},
    Key{"allow", add_names<&PolicyConfiguration::allow>},
    Key{"block", add_names<&PolicyConfiguration::block>},
    Key{"confine", set_confine},
    Key{"read-files", add_to_access<&commands::AccessRules::read_files>},
    Key{"write-files", add_to_access<&commands::AccessRules::write_files>},
    Key{"exec-programs", add_to_access<&commands::AccessRules::programs>},
    Key{"exec-users", add_to_access<&commands::AccessRules::exec_users>},
    Key{"password-users", add_to_access<&commands::AccessRules::passwords>},
    Key{"key-users", add_to_access<&commands::AccessRules::keys>},
    Key{"show-interfaces", add_to_access<&commands::AccessRules::interfaces>},
    Key{"show-filesystems", add_to_access<&commands::AccessRules::mountpoints>},
};

Result<void> set_audit_enabled(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = boolean_value(entry);
  if (!value) return value.error();
  configuration.audit.enabled = *value;
  return {};
}

Result<void> set_audit_file(Configuration& configuration, const KeyFile::Entry& entry) {
  auto value = string_value(entry);
  if (!value) return std::move(value).error();
  if (value->empty()) return Error{"key 'file' is empty: name a file"};
  configuration.audit.file = *std::move(value);
  return {};
}

constexpr std::array kAuditKeys{
    Key{"enabled", set_audit_enabled},
    Key{"file", set_audit_file},
};

constexpr std::array kVsockKeys{Key{"allow-cid", set_vsock_peers}};

constexpr std::array kHotplugKeys{Key{"auto-online", set_boolean<&Configuration::auto_online>}};
constexpr std::array kNetworkKeys{Key{"hide-interfaces", set_hidden_interfaces}};

std::span<const Key> keys_of(std::string_view group) {
  if (group == "general") return kGeneralKeys;
  if (group == "vsock") return kVsockKeys;
  if (group == "fsfreeze") return kFreezeKeys;
  if (group == "exec") return kExecKeys;
  if (group == "hotplug") return kHotplugKeys;
  if (group == "network") return kNetworkKeys;
  if (group == "policy") return kPolicyKeys;
  if (group == "audit") return kAuditKeys;
  return {};
}

// What decides what a host may do. Who mistypes one of these must not get an agent that does more than was meant.
bool is_about_policy(std::string_view name) {
  return name == "policy" || name == "block-rpcs" || name == "allow-rpcs" || name == "blacklist";
}

void tell_of_unknown(std::string_view kind, std::string_view name, std::string_view where,
                     std::span<const std::string_view> known, Findings& findings) {
  const auto meant = closest_name(name, known);
  if (where.ends_with("'policy'") || (meant && is_about_policy(*meant))) {
    findings.errors.push_back("unknown " + std::string(kind) + " '" + std::string(name) + "'" + std::string(where) +
                              suggestion(name, known));
    return;
  }
  findings.warnings.push_back("unknown " + std::string(kind) + " '" + std::string(name) + "'" + std::string(where) +
                              " is ignored" + suggestion(name, known));
}

void apply_entry(const std::string& group, const KeyFile::Entry& entry, Configuration& configuration,
                 Findings& findings) {
  const auto keys = keys_of(group);
  const auto key = std::ranges::find(keys, entry.key, &Key::name);
  if (key == keys.end()) {
    std::vector<std::string_view> names;
    std::ranges::transform(keys, std::back_inserter(names), &Key::name);
    return tell_of_unknown("key", entry.key, " in group '" + group + "'", names, findings);
  }
  if (entry.key == "blacklist") {
    findings.warnings.push_back("key 'blacklist' is deprecated: its name is 'block-rpcs' now");
  }
  if (entry.repeated && group == "policy") {
    findings.errors.push_back("key '" + entry.key + "' is given twice: put it all into one line");
    return;
  }
  if (entry.repeated) findings.warnings.push_back("key '" + entry.key + "' is given twice: the last value counts");
  if (auto applied = key->apply(configuration, entry); !applied) {
    findings.errors.push_back(std::move(applied).error().text);
  }
}

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
void merge(const std::string& path, Findings found, Findings& findings) {
  for (auto& text : found.errors) {
    findings.errors.push_back("error loading configuration from path: " + path + ", " + text);
  }
  for (auto& text : found.warnings) findings.warnings.push_back(path + ": " + text);
}

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
  merge(path, std::move(found), findings);
  return sets_something ? Outcome::kRead : Outcome::kSetsNothing;
}

void load_default(const std::vector<std::string>& paths, Configuration& configuration, Findings& findings) {
  for (auto path = paths.begin(); path != paths.end(); ++path) {
    if (load_one(*path, configuration, findings) != Outcome::kRead) continue;
    for (auto other = path + 1; other != paths.end(); ++other) {
      if (::access(other->c_str(), F_OK) == 0) {
        findings.warnings.push_back(*other + " is ignored, because " + *path + " is in effect");
      }
    }
    return;
  }
}

Result<void> check_folder(const std::string& path, const UniqueFd& fd) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::from_errno(path, errno);
  const bool is_safe =
      (status.st_uid == 0 || status.st_uid == ::geteuid()) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  if (is_safe) return {};
  return Error{path + " must belong to root, and others must not be able to write it"};
}

/// The names of the files to read, sorted; what looks like one and is not read is warned of.
Result<std::vector<std::string>> drop_ins(const std::string& folder, Findings& findings) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::vector<std::string> names;
  if (!fd.valid() && errno == ENOENT) return names;
  if (!fd.valid()) return Error::from_errno(folder, errno);
  if (auto safe = check_folder(folder, fd); !safe) return std::move(safe).error();
  auto listed = platform::Root::system().list(folder);
  if (!listed) return std::move(listed).error();
  for (std::string& name : *listed) {
    if (name.starts_with('.')) continue;
    if (name.ends_with(".conf")) {
      names.push_back(std::move(name));
    } else {
      findings.warnings.push_back(folder + "/" + name + " is ignored: its name does not end in .conf");
    }
  }
  return names;
}

void load_drop_ins(const std::string& folder, Configuration& configuration, Findings& findings) {
  const auto names = drop_ins(folder, findings);
  if (!names) {
    findings.errors.push_back("error loading configuration from path: " + names.error().text);
    return;
  }
  for (const std::string& name : *names) {
    const std::string path = folder + "/" + name;
    if (load_one(path, configuration, findings) == Outcome::kMissing) {
      merge(path, {{"No such file or directory"}, {}}, findings);  // a link to nothing, or just removed
    }
  }
}

}  // namespace

Result<std::string> read_configuration_file(const std::string& path) {
  // O_NONBLOCK: a FIFO in this place must not hold up the start.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid()) {
    const int code = errno;
    return Error{std::string(std::error_code(code, std::generic_category()).message()), code};
  }
  if (auto checked = check_owner_and_mode(fd.get()); !checked) return std::move(checked).error();
  return read_all(fd.get());
}

bool apply_configuration_text(std::string_view text, Configuration& configuration, Findings& findings) {
  const auto file = KeyFile::parse(text);
  if (!file) {
    findings.errors.push_back(file.error().text);
    return true;
  }
  constexpr std::array<std::string_view, 8> kGroups{"general", "vsock",   "fsfreeze", "exec",
                                                    "hotplug", "network", "policy",   "audit"};
  for (const auto& group : file->groups()) {
    if (keys_of(group.name).empty()) {
      tell_of_unknown("group", group.name, "", kGroups, findings);
      continue;
    }
    for (const auto& entry : group.entries) apply_entry(group.name, entry, configuration, findings);
  }
  return !file->has_no_keys();
}

void load_configuration(const ConfigurationSources& sources, Configuration& configuration, Findings& findings) {
  if (sources.option) {
    if (load_one(*sources.option, configuration, findings) == Outcome::kMissing) {
      merge(*sources.option, {{"No such file or directory"}, {}}, findings);
    }
    load_drop_ins(*sources.option + ".d", configuration, findings);
  } else if (sources.environment) {
    if (load_one(*sources.environment, configuration, findings) == Outcome::kMissing) {
      merge(*sources.environment, {{}, {"the file that QGA_CONF names is missing: defaults are in effect"}}, findings);
    }
    load_drop_ins(*sources.environment + ".d", configuration, findings);
  } else {
    load_default(sources.defaults, configuration, findings);
    load_drop_ins(sources.drop_in_folder, configuration, findings);
  }
}

}  // namespace guestd::daemon
