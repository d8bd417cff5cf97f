// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "platform/accounts.hpp"
#include "platform/file_labels.hpp"
#include "platform/in_time.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// The file with a user's authorized keys. It lies where the user may have put anything in its way, so all is done with
/// the user's own rights, no symbolic link is followed, only regular files of at most 1 MiB are read, and the file is
/// replaced as a whole. A file outside of the home directory, in folders that nobody but root can change, is root's
/// and is kept by root.
///
/// Errors are `failed to <do what> '<path>': <why>`. Each call may wait for a disk or a network, but not longer than
/// `in_time` does: a home directory can be on a server that has gone, or in the hands of a process of the user (FUSE).
class KeyFile {
 public:
  /// What sshd reads for this user: the first file, if there are several. `labels` may be null. All three outlive the
  /// threads of `in_time`.
  static Result<KeyFile> find(const Root& root, const FileLabels* labels, InTime& in_time, Account account);

  /// As the host sees it, in error texts.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// False if sshd is told to read no file of keys; then there is nothing to read or write.
  [[nodiscard]] bool is_used() const { return !path_.empty(); }

  [[nodiscard]] Result<std::string> read() const;

  using Edit = std::function<std::string(std::string_view old_text)>;
  enum class Mode {
    kExisting,  ///< a file that is not there is left so, and that is no error
    kCreate,    ///< it is made if it is not there, with the folders above it in the home directory
    kReplace    ///< the same, and what is in it is not read: `old_text` is empty
  };
  /// Writes what `edit` makes of the text, if that differs. If somebody else writes the file meanwhile, `edit` is
  /// called again for the new text. `edit` owns what it needs. After ETIMEDOUT it may still happen.
  [[nodiscard]] Result<void> change(Mode mode, const Edit& edit) const;

 private:
  /// Where it lies: steps from the home directory, or from `/`.
  struct Place {
    bool in_home = true;
    std::vector<std::string> folders{};
    std::string name{};
  };
  class Access;

  KeyFile(const Root& root, const FileLabels* labels, InTime& in_time, Account account)
      : root_(&root), labels_(labels), in_time_(&in_time), account_(std::move(account)) {}
  Result<void> set_place(std::string_view path);
  [[nodiscard]] bool is_roots_own() const;
  [[nodiscard]] std::vector<std::optional<std::string>> look_up_labels() const;
  using Work = std::function<Result<void>(Access&)>;
  [[nodiscard]] Result<void> act(const std::string& what, Work work) const;
  [[nodiscard]] Result<void> act_at_last(const Work& work) const;

  const Root* root_;
  const FileLabels* labels_;
  InTime* in_time_;
  Account account_;
  Place place_;
  std::string path_;
};

}  // namespace guestd::platform
