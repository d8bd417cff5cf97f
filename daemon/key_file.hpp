// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace guestd::daemon {

/// A key file in the manner of GLib: `[group]`, `key=value`, comments with `#` on lines of their own (`;` starts none).
/// Lines may be indented and may end in CR LF. A group that comes twice is continued; of a key that comes twice the
/// last value counts. Unlike GLib, blanks at the end of a value do not belong to it (write `\s` for one).
class KeyFile {
 public:
  struct Entry {
    std::string key;
    std::string value;      ///< as written, escapes and all
    bool repeated = false;  ///< an earlier value of the same group was overwritten
  };
  struct Group {
    std::string name;
    std::vector<Entry> entries;
  };

  /// The error names the line: `line 3: 'foo' is neither a group, nor key=value, nor a comment`.
  static Result<KeyFile> parse(std::string_view text);

  [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
  /// Whether there is no key in any group: a file of comments alone.
  [[nodiscard]] bool has_no_keys() const;

 private:
  Group& group(std::string_view name);

  std::vector<Group> groups_;
};

/// The value with its escapes `\s \n \t \r \\` resolved; any other one is an error.
Result<std::string> string_value(const KeyFile::Entry& entry);
/// `true`, `1`, `false` or `0`, in exactly this form.
Result<bool> boolean_value(const KeyFile::Entry& entry);

/// The value as it has to be written so that string_value() returns `text`.
std::string escape_value(std::string_view text);

}  // namespace guestd::daemon
