// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

/// Where things stand in the header block of a member (POSIX.1-2017, pax, "ustar Interchange Format").
namespace guestd::copy::tar {

struct Field {
  std::size_t offset;
  std::size_t size;
};

inline constexpr Field kName{0, 100};
inline constexpr Field kMode{100, 8};
inline constexpr Field kUid{108, 8};
inline constexpr Field kGid{116, 8};
inline constexpr Field kSize{124, 12};
inline constexpr Field kTime{136, 12};
inline constexpr Field kChecksum{148, 8};
inline constexpr Field kType{156, 1};
inline constexpr Field kLinkName{157, 100};
inline constexpr Field kMagic{257, 8};
inline constexpr Field kUser{265, 32};
inline constexpr Field kGroup{297, 32};
inline constexpr Field kPrefix{345, 155};

/// With the version behind it; GNU tar writes "ustar  \0" for its own format, which has no prefix of the name.
inline constexpr std::string_view kMagicText{
    "ustar\0"
    "00",
    8};

}  // namespace guestd::copy::tar
