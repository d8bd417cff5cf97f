// SPDX-License-Identifier: Apache-2.0
#include "platform/sshd_config.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>

#include "platform/folder.hpp"

namespace guestd::platform {

namespace {

constexpr std::string_view kBlanks = " \t\r\f";
constexpr int kDeepestInclude = 16;  // as in sshd
constexpr int kMostFiles = 256;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

void skip_blanks(std::string_view& line) { line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size())); }

/// The next argument of a line that does not begin with a blank; nothing at its end, at a comment, or where a quote
/// stays open.
std::optional<std::string> take_argument(std::string_view& line) {
  if (line.empty() || line.front() == '#') return std::nullopt;
  std::string argument;
  char quote = 0;
  std::size_t at = 0;
  for (; at < line.size(); ++at) {
    const char character = line[at];
    const char next = at + 1 < line.size() ? line[at + 1] : '\0';
    if (character == '\\' && (next == '"' || next == '\'' || next == '\\' || (quote == 0 && next == ' '))) {
      argument += next;
      ++at;
    } else if (quote == 0 && kBlanks.find(character) != std::string_view::npos) {
      break;
    } else if (quote == 0 && (character == '"' || character == '\'')) {
      quote = character;
    } else if (quote != 0 && character == quote) {
      quote = 0;
    } else {
      argument += character;
    }
  }
  line.remove_prefix(at);
  skip_blanks(line);
  if (quote != 0) return std::nullopt;
  return argument;
}

std::optional<SshdSetting> parse_setting(std::string_view line) {
  skip_blanks(line);
  if (line.empty() || line.front() == '#') return std::nullopt;
  const std::string_view keyword = line.substr(0, line.find_first_of(" \t\r\f="));
  line.remove_prefix(keyword.size());
  skip_blanks(line);
  if (line.starts_with('=')) line.remove_prefix(1);
  skip_blanks(line);
  SshdSetting setting{lower(keyword), {}};
  while (auto argument = take_argument(line)) setting.arguments.push_back(*std::move(argument));
  if (keyword.empty() || setting.arguments.empty()) return std::nullopt;
  return setting;
}

bool matches_pattern(std::string_view name, std::string_view pattern) {
  // The usual walk with one way back, so that no pattern takes exponential time.
  std::size_t n = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool block_matches(const SshdSetting& match, std::string_view user) {
  const auto& criteria = match.arguments;
  for (std::size_t index = 0; index < criteria.size(); index += 2) {
    const std::string name = lower(criteria[index]);
    if (name == "all") return criteria.size() == 1;
    if (name != "user" || index + 1 == criteria.size()) return false;
    if (!matches_patterns(user, criteria[index + 1])) return false;
  }
  return true;
}

/// Reads the configuration as sshd does for a connection of one user: a setting of a block that matches counts more
/// than one outside of blocks, and of each kind the first one counts.
class KeyFileSettings {
 public:
  KeyFileSettings(const Root& root, std::string_view user) : root_(root), user_(user) {}

  Result<void> read(const std::string& path) { return read_file(path, Scope{}, 0); }

  [[nodiscard]] const std::optional<std::vector<std::string>>& files() const { return of_block_ ? of_block_ : global_; }

 private:
  struct Scope {
    bool in_block = false;
    bool matches = true;
  };

  Result<void> read_file(const std::string& path, Scope scope, int depth) {
    if (depth > kDeepestInclude || ++files_read_ > kMostFiles) return Error{path + " is one included file too many"};
    const auto text = root_.read_file(path);
    if (!text) return text.error();
    for (const SshdSetting& setting : parse_sshd_config(*text)) {
      if (setting.keyword == "match") {
        scope = Scope{true, block_matches(setting, user_)};
      } else if (setting.keyword == "include") {
        if (auto done = include(setting.arguments, scope, depth); !done) return done;
      } else if (setting.keyword == "authorizedkeysfile" && scope.matches) {
        auto& value = scope.in_block ? of_block_ : global_;
        if (!value) value = setting.arguments;
      }
    }
    return {};
  }

  Result<void> include(const std::vector<std::string>& patterns, const Scope& scope, int depth) {
    if (!scope.matches) return {};  // so a block in there cannot match where the one around it does not
    for (const std::string& pattern : patterns) {
      for (const std::string& path : included(pattern.starts_with('/') ? pattern : "/etc/ssh/" + pattern)) {
        if (auto done = read_file(path, scope, depth + 1); !done && done.error().errno_value != ENOENT) return done;
      }
    }
    return {};
  }

  /// The files of a pattern, sorted as by glob(7); wildcards are heeded in the last part of the path.
  [[nodiscard]] std::vector<std::string> included(const std::string& pattern) const {
    const std::size_t slash = pattern.rfind('/');
    const std::string name_pattern = pattern.substr(slash + 1);
    if (name_pattern.find_first_of("*?[") == std::string::npos) return {pattern};
    std::vector<std::string> paths;
    const auto names = names_in(root_, pattern.substr(0, slash + 1));
    if (!names) return paths;
    for (const std::string& name : *names) {
      if (::fnmatch(name_pattern.c_str(), name.c_str(), FNM_PERIOD) == 0) {
        paths.push_back(pattern.substr(0, slash + 1) + name);
      }
    }
    return paths;
  }

  const Root& root_;
  std::string_view user_;
  int files_read_ = 0;
  std::optional<std::vector<std::string>> global_;
  std::optional<std::vector<std::string>> of_block_;
};

Result<std::string> expanded(std::string_view pattern, const Account& account) {
  std::string path;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%') {
      path += pattern[at];
      continue;
    }
    const char token = ++at < pattern.size() ? pattern[at] : '\0';
    if (token == '%') {
      path += '%';
    } else if (token == 'h') {
      path += account.home;
    } else if (token == 'u') {
      path += account.name;
    } else if (token == 'U') {
      path += std::to_string(account.uid);
    } else {
      return Error{"AuthorizedKeysFile of sshd's configuration has an unknown token: '" + std::string(pattern) + "'"};
    }
  }
  return path;
}

}  // namespace

std::vector<SshdSetting> parse_sshd_config(std::string_view text) {
  std::vector<SshdSetting> settings;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (auto setting = parse_setting(line)) settings.push_back(*std::move(setting));
  }
  return settings;
}

bool matches_patterns(std::string_view name, std::string_view patterns) {
  bool matched = false;
  while (!patterns.empty()) {
    std::string_view pattern = patterns.substr(0, patterns.find(','));
    patterns.remove_prefix(std::min(pattern.size() + 1, patterns.size()));
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (!matches_pattern(name, pattern)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

Result<std::vector<std::string>> authorized_keys_files(const Root& root, const Account& account) {
  KeyFileSettings settings(root, account.name);
  auto done = settings.read("/etc/ssh/sshd_config");
  // openSUSE keeps the distribution's file there.
  if (!done && done.error().errno_value == ENOENT) done = settings.read("/usr/etc/ssh/sshd_config");
  if (!done && done.error().errno_value != ENOENT) return std::move(done).error();
  if (!settings.files()) return std::vector<std::string>{".ssh/authorized_keys"};
  std::vector<std::string> paths;
  for (const std::string& pattern : *settings.files()) {
    if (lower(pattern) == "none") continue;
    auto path = expanded(pattern, account);
    if (!path) return std::move(path).error();
    paths.push_back(*std::move(path));
  }
  return paths;
}

}  // namespace guestd::platform
