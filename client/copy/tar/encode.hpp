// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "client/copy/tar/entry.hpp"

namespace guestd::copy::tar {

/// All that stands in an archive before the bytes of a member: for a file the bytes of its `data` follow, one extent
/// behind the other, and padding() of their sum. Names of any length and of any bytes, as 'L' and 'K' of GNU tar, which
/// busybox and libarchive know too; fractions of seconds, and holes, as extended headers. Holes take GNU tar or
/// libarchive on the other side: for others `data` is the file as a whole.
std::string encode(const Entry& entry);

/// What ends an archive.
std::string end_of_archive();

}  // namespace guestd::copy::tar
