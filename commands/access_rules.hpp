// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/pattern.hpp"
#include "base/result.hpp"

namespace guestd::commands {

/// One list of the policy: which files may be read, and the like. Immutable.
struct AccessRule {
  std::string_view key;  ///< its name in the configuration
  PatternList allowed{};

  /// `what` begins the error's text: `the policy forbids <what> '<object>': <reason> (<key>)`.
  [[nodiscard]] Result<void> check(std::string_view what, std::string_view object) const;
};

/// What the policy says about the arguments of commands. The commands ask it, each about what it is about to touch;
/// which commands may run at all is none of its business. By default everything is allowed. Refusals are errors of kind
/// kRefused.
struct AccessRules {
  AccessRule read_files{"read-files"};         ///< by true path: see platform/checked_open.hpp
  AccessRule write_files{"write-files"};       ///< the same
  AccessRule programs{"exec-programs"};        ///< by true path
  AccessRule exec_users{"exec-users"};         ///< as whom they may run
  AccessRule passwords{"password-users"};      ///< whose passwords may be set
  AccessRule keys{"key-users"};                ///< whose keys may be changed
  AccessRule interfaces{"show-interfaces"};    ///< of which interfaces there is talk
  AccessRule mountpoints{"show-filesystems"};  ///< of which file systems there is talk

  /// All of them, in the order of the documentation.
  [[nodiscard]] std::array<const AccessRule*, 8> all() const {
    return {&read_files, &write_files, &programs, &exec_users, &passwords, &keys, &interfaces, &mountpoints};
  }
  [[nodiscard]] std::array<AccessRule*, 8> all() {
    return {&read_files, &write_files, &programs, &exec_users, &passwords, &keys, &interfaces, &mountpoints};
  }

  /// Of a file that is opened with these intentions.
  [[nodiscard]] Result<void> check_file(bool read, bool write, std::string_view path) const;
  [[nodiscard]] bool restricts_files(bool read, bool write) const;

  [[nodiscard]] bool restricts_programs() const { return !programs.allowed.matches_all(); }
  [[nodiscard]] bool restricts_exec_users() const { return !exec_users.allowed.matches_all(); }

  /// Of a program that is about to be started, by its true path (platform::Root::path_of the descriptor that is then
  /// executed), as this user.
  [[nodiscard]] Result<void> check_program(std::string_view path) const;
  [[nodiscard]] Result<void> check_exec_user(std::string_view user) const;

  [[nodiscard]] Result<void> check_password_of(std::string_view user) const;
  [[nodiscard]] Result<void> check_keys_of(std::string_view user) const;

  [[nodiscard]] bool shows_interface(std::string_view name) const { return interfaces.allowed.matches(name); }
  [[nodiscard]] bool shows_filesystem(std::string_view mountpoint) const {
    return mountpoints.allowed.matches(mountpoint);
  }
};

}  // namespace guestd::commands
