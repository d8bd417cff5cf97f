// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace guestd::schema {

/// Which schemas are taken. Without either flag: today's language, complete.
struct Dialect {
  bool legacy = false;   ///< the historic language too (docs/qapi-compiler.md says what that adds)
  bool partial = false;  ///< includes that cannot be read and types that are defined nowhere are warnings
};

}  // namespace guestd::schema
