// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <system_error>

namespace guestd {

Error Error::from_errno(std::string_view what, int code) {
  std::string text(what);
  text += ": ";
  text += std::generic_category().message(code);
  return Error{std::move(text), code, Kind::kGeneric};
}

Error Error::with_context(std::string_view words) && {
  text.insert(0, ": ");
  text.insert(0, words);
  return std::move(*this);
}

}  // namespace guestd
