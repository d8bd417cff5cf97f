// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "commands/context.hpp"
#include "commands/file_target.hpp"
#include "generated/commands.hpp"
#include "platform/file.hpp"
#include "platform/file_status.hpp"
#include "platform/sha256.hpp"

namespace guestd::commands {

namespace {

constexpr const char* kWhat = "compute the checksum of";

/// Opened anew, so that it has a position of its own.
Result<platform::File> open_target(const FileTarget& target) {
  const auto status = platform::file_status(target.fd.get());
  if (!status) return status.error();
  if (status->type != platform::FileType::kRegular) return Error{"it is no regular file", EINVAL};
  auto fd = platform::reopen_file(target.fd.get(), O_RDONLY);
  if (!fd) return std::move(fd).error();
  return platform::File(*std::move(fd));
}

/// Adds up to `length` bytes from where the file stands; how many there were.
Result<std::int64_t> add_bytes(const Context& context, platform::File& file, std::int64_t length,
                               platform::Sha256& sum) {
  constexpr std::int64_t kPieceBytes = 256 << 10;
  std::vector<std::byte> piece(kPieceBytes);
  std::int64_t count = 0;
  while (count < length) {
    if (context.is_given_up()) return Error{"nobody waits for it any more", ECANCELED};
    const auto wanted = static_cast<std::size_t>(std::min(length - count, kPieceBytes));
    const auto got = file.read(std::span(piece).first(wanted));
    if (!got) return got.error();
    if (*got == 0) break;
    sum.add(std::span(piece).first(*got));
    count += static_cast<std::int64_t>(*got);
  }
  return count;
}

Result<GuestdFileChecksumResult> checksum(const Context& context, const FileTarget& target, std::int64_t offset,
                                          std::int64_t length) {
  auto sum = platform::Sha256::create();
  if (!sum) return std::move(sum).error();
  auto file = open_target(target);
  if (!file) return std::move(file).error();
  const auto position = file->seek(offset, platform::SeekFrom::kStart);
  if (!position) return position.error();
  const auto count = add_bytes(context, *file, length, *sum);
  if (!count) return count.error();
  GuestdFileChecksumResult result;
  result.sha256 = sum->finish();
  result.count = *count;
  return result;
}

}  // namespace

Result<GuestdFileChecksumResult> guestd_file_checksum(Context& context, const GuestdFileChecksumArgs& args) {
  if (auto checked = check_not_negative("offset", args.offset); !checked) return std::move(checked).error();
  if (auto checked = check_not_negative("length", args.length); !checked) return std::move(checked).error();
  const auto target = find_target(context, FileUse::kRead, kWhat, args.path, args.handle, args.follow);
  if (!target) return target.error();
  auto result = checksum(context, *target, args.offset.value_or(0), args.length.value_or(INT64_MAX));
  if (!result) return file_error(kWhat, target->name, result.error());
  return result;
}

}  // namespace guestd::commands
