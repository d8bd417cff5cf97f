// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "client/copy/tar/entry.hpp"

namespace guestd::copy::tar {

/// More than any path of Linux, and than the extended header of any file: what an archive says of a member in a long
/// name or an extended header is no longer.
inline constexpr std::int64_t kPrefaceBytes = std::int64_t{1} << 20U;
/// Extents of a file, at most.
inline constexpr std::size_t kExtents = std::size_t{1} << 20U;
/// No file is longer.
inline constexpr std::int64_t kLargestFile = std::int64_t{1} << 62U;

/// Gets the members of an archive, one after the other. An error ends the reading; what can be passed over is the
/// receiver's own business.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual Result<void> begin(const Entry& entry) = 0;
  /// Bytes of the file that was begun, in order, and inside of its extents.
  virtual Result<void> data(std::int64_t offset, std::span<const char> bytes) = 0;
  virtual Result<void> end() = 0;
};

/// Takes an archive apart as its bytes come, whatever they are: lengths are bounded, numbers checked, and names handed
/// on as they stand there, up to the first NUL: names_in() (client/copy/unpack.hpp) judges them. Knows ustar, pax and
/// GNU tar's long names; of files with holes pax' form 1.0.
class Reader {
 public:
  explicit Reader(Receiver& receiver) : receiver_(receiver) {}

  Result<void> add(std::span<const char> bytes);
  /// After the last bytes: whether the archive was whole.
  Result<void> finish() const;

 private:
  enum class State { kHeader, kPreface, kMap, kData, kSkip, kPadding, kEnd };

  /// What extended headers and long names say about the next member.
  struct Said {
    std::optional<std::string> name;
    std::optional<std::string> target;
    std::optional<std::string> user;
    std::optional<std::string> group;
    std::optional<std::int64_t> size;
    std::optional<std::int64_t> uid;
    std::optional<std::int64_t> gid;
    std::optional<std::int64_t> modify_time;
    std::optional<std::int64_t> real_size;
    std::optional<std::string> sparse_name;
    bool is_sparse = false;
  };

  Result<void> step(std::span<const char>& bytes);
  Result<void> take_header();
  Result<void> begin_member(char type, std::int64_t size);
  Result<void> take_preface();
  Result<void> take_records(std::string_view records);
  Result<void> take_record(std::string_view key, std::string_view value);
  Result<void> take_map();
  Result<void> begin_data();
  Result<void> take_data(std::span<const char>& bytes);
  Result<void> end_data();

  Receiver& receiver_;
  State state_ = State::kHeader;
  std::string block_;       // the block, or the text, that is not whole yet
  std::string map_;         // all blocks of a map so far
  std::size_t map_at_ = 0;  // what of them has been read
  std::size_t map_numbers_ = 0;
  char preface_ = 0;
  std::int64_t left_ = 0;  // of the data that stands in the archive
  std::size_t padding_ = 0;
  Said said_;
  Entry entry_;
  std::size_t extent_ = 0;
  std::int64_t at_ = 0;  // in the file
};

}  // namespace guestd::copy::tar
