// SPDX-License-Identifier: Apache-2.0
#include "client/copy/checksum.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "platform/sha256.hpp"

namespace guestd::copy {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10U;

/// Nothing where this host cannot compute it. Of fewer bytes at the end of the file.
Result<std::optional<std::string>> sha256_of(int fd, std::int64_t length) {
  auto sum = platform::Sha256::create();
  if (!sum) return std::optional<std::string>();
  std::vector<std::byte> piece(kPiece);
  for (std::int64_t offset = 0; offset < length;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(length - offset, kPiece));
    const ssize_t got = ::pread(fd, piece.data(), wanted, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::from_errno("cannot read for the checksum", errno);
    if (got == 0) break;
    sum->add(std::span(piece).first(static_cast<std::size_t>(got)));
    offset += got;
  }
  return std::optional(sum->finish());
}

}  // namespace

Result<Sums> compare_sums(GuestFile& theirs, int ours, std::int64_t length) {
  Result<std::optional<std::string>> our_sum = std::optional<std::string>();
  auto their_sum = theirs.sha256(length, [&] { our_sum = sha256_of(ours, length); });
  if (!their_sum) return std::move(their_sum).error();
  if (!our_sum) return std::move(our_sum).error();
  if (!*their_sum || !*our_sum) return Sums::kUnknown;
  return **their_sum == **our_sum ? Sums::kSame : Sums::kDifferent;
}

}  // namespace guestd::copy
