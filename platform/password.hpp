// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "platform/program.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

struct PasswordChange {
  std::string_view user;
  std::string_view password;
  bool crypted = false;  ///< `password` is a hash of crypt(5)
};

/// Sets the password of a user by chpasswd(8), found in the usual folders. What must not stand in a line of its input
/// is refused first. The error has the program's own words, which are those of PAM; a program that does not end (a
/// module of PAM that waits for a network) is ended after a minute. No copy of the password stays in memory.
Result<void> set_password(const Root& root, Programs& programs, const PasswordChange& change);

}  // namespace guestd::platform
