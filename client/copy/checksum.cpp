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

#include "client/copy/guest_sum.hpp"
#include "platform/sha256.hpp"

namespace guestd::copy {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10U;

/// kUnsupported where this host cannot compute it. Of fewer bytes at the end of the file.
Result<std::string> sha256_of(int fd, std::int64_t length) {
  auto sum = platform::Sha256::create();
  if (!sum) return std::move(sum).error();
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
  return sum->finish();
}

struct Comparison {
  std::optional<bool> same;
  std::string why_unknown;
};

Result<Comparison> compare_sums(GuestFile& theirs, int ours, std::int64_t length) {
  Result<std::string> our_sum = std::string();
  const auto compute = [&] { our_sum = sha256_of(ours, length); };
  auto their_sum = theirs.guest().knows_attributes ? theirs.sha256(length, compute)
                                                   : sum_by_program(theirs.guest(), theirs.path(), length, compute);
  if (!their_sum) return std::move(their_sum).error();
  if (their_sum->digits.empty()) return Comparison{std::nullopt, std::move(their_sum->why_not)};
  if (!our_sum && our_sum.error().kind == Error::Kind::kUnsupported) {
    return Comparison{std::nullopt, "on this host: " + our_sum.error().text};
  }
  if (!our_sum) return std::move(our_sum).error();
  return Comparison{their_sum->digits == *our_sum, ""};
}

}  // namespace

Result<std::int64_t> same_beginning(GuestFile& theirs, int ours, std::int64_t length, const Settings& settings) {
  auto compared = compare_sums(theirs, ours, length);
  if (!compared) return std::move(compared).error();
  if (!compared->same) settings.cannot_resume(theirs.path(), compared->why_unknown);
  return compared->same.value_or(false) ? length : 0;
}

Result<void> require_same(GuestFile& theirs, int ours, std::int64_t length, const std::string& named) {
  auto compared = compare_sums(theirs, ours, length);
  if (!compared) return std::move(compared).error();
  if (compared->same.value_or(true)) return {};
  return Error{named + ": the checksums differ; it may have changed while it was copied"};
}

}  // namespace guestd::copy
