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
#include "platform/root.hpp"

namespace guestd::platform {

/// The file with a user's authorized keys. It lies where the user may have put anything in its way, so all is done with
/// the user's own rights, no symbolic link is followed, only regular files of at most 1 MiB are read, and the file is
/// replaced as a whole. A file outside of the home directory, in folders that nobody but root can change, is root's
/// and is kept by root.
///
/// Errors are `failed to <do what> '<path>': <why>`. Each call may wait for a disk or a network.
class KeyFile {
 public:
  /// What sshd reads for this user: the first file, if there are several. `labels` may be null.
  static Result<KeyFile> find(const Root& root, const FileLabels* labels, Account account);

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
  /// called again for the new text.
  [[nodiscard]] Result<void> change(Mode mode, const Edit& edit) const;

 private:
  /// Where it lies: steps from the home directory, or from `/`.
  struct Place {
    bool in_home = true;
    std::vector<std::string> folders{};
    std::string name{};
  };
  class Access;

  KeyFile(const Root& root, const FileLabels* labels, Account account)
      : root_(&root), labels_(labels), account_(std::move(account)) {}
  Result<void> set_place(std::string_view path);
  [[nodiscard]] bool is_roots_own() const;
  [[nodiscard]] std::vector<std::optional<std::string>> look_up_labels() const;
  [[nodiscard]] Result<void> act(const std::function<Result<void>(Access&)>& work) const;

  const Root* root_;
  const FileLabels* labels_;
  Account account_;
  Place place_;
  std::string path_;
};

}  // namespace guestd::platform
