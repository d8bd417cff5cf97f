// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Archives of tar (POSIX pax, GNU tar's extensions), as far as copying folders needs them. Facts: POSIX.1-2017, pax,
/// "ustar Interchange Format" and "pax Extended Header"; GNU tar's manual, "Tar Internals".
namespace guestd::copy::tar {

inline constexpr std::size_t kBlock = 512;

enum class Kind { kFile, kHardLink, kSymlink, kFolder, kOther };

/// Bytes of a file that are no hole.
struct Extent {
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

/// One member of an archive.
struct Entry {
  std::string name;    ///< as it stands there: any bytes, also those that lead elsewhere
  std::string target;  ///< of links; that of a hard link is the name of another member
  Kind kind = Kind::kFile;
  std::uint32_t mode = 0;  ///< bits 07777
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user;  ///< empty where the archive tells none
  std::string group;
  std::int64_t modify_time = 0;  ///< nanoseconds since 1970
  std::int64_t size = 0;         ///< of a file, with its holes
  std::vector<Extent> data;      ///< in order, within `size`; what is not in there is zeros
};

/// Zeros that fill the last block of so many bytes.
constexpr std::size_t padding(std::int64_t bytes) {
  return (kBlock - static_cast<std::size_t>(bytes) % kBlock) % kBlock;
}

}  // namespace guestd::copy::tar
