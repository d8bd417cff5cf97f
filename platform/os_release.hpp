// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// The assignments of an os-release file, such as `ID` -> `debian`. All values are valid UTF-8.
using OsRelease = std::map<std::string, std::string, std::less<>>;

/// Reads the text of os-release(5). A line that is no assignment, lacks its closing quote or is not UTF-8 is skipped,
/// and only that line. Of several assignments to one name the last one counts.
OsRelease parse_os_release(std::string_view text);

/// The file at `path`, or if that is empty the first readable one of the usual places.
Result<OsRelease> os_release(const Root& root, const std::string& path = {});

}  // namespace guestd::platform
