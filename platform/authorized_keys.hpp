// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guestd::platform {

// The text of a file of authorized keys (sshd(8)): a key per line, empty lines, and comments behind a `#`. Blanks
// around a line do not count. All that is not asked to change stays as it is, comments and order included.

/// The keys, in the order of the file.
std::vector<std::string> keys_in(std::string_view text);

/// The text with those of the keys behind it that are not in it; each once.
std::string with_keys(std::string_view text, const std::vector<std::string>& keys);

/// The text without any line that is one of the keys.
std::string without_keys(std::string_view text, const std::vector<std::string>& keys);

/// Why this cannot be a line with a public key: "" for what needs no more words (a comment, more than one line, nothing
/// at all), nothing if it can. A key is `[options] type base64 [comment]`, and the bytes of the base64 begin with the
/// type (RFC 4253, section 6.6). Whether sshd knows that type is not asked.
std::optional<std::string> fault_of_key(std::string_view key);

}  // namespace guestd::platform
