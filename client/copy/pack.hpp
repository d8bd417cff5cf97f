// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "client/copy/settings.hpp"

namespace guestd::copy {

/// Takes the next bytes of an archive. An error ends the packing.
using ArchiveSink = std::function<Result<void>(std::span<const char> bytes)>;

/// Writes a folder of the host as an archive of tar: names relative to the folder, which itself is `./`. What cannot be
/// read, pipes, sockets and devices are warned of and left out; false if there was anything. `keep_holes` where the
/// reader knows them (tar/encode.hpp).
Result<bool> pack_folder(const std::string& source, bool keep_holes, const ArchiveSink& sink, const Settings& settings);

}  // namespace guestd::copy
