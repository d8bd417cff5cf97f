// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "client/lib/connection.hpp"
#include "generated/agent/types.hpp"

/// Files of the guest, as `guestctl cp` and `cat` move them.
namespace guestd::copy {

/// The agent, and how much of copying it can do.
struct Guest {
  client::Connection& connection;
  /// It knows folders, attributes, holes and checksums (guestd-file-...), not only bytes.
  bool knows_attributes = false;
  /// It runs programs and tells how they end (guest-exec).
  bool runs_programs = false;
  /// How long one piece may take.
  std::chrono::milliseconds limit{60000};
};

/// What is written at once. As a message it is below the 128 KiB that guestd reads at once, so that it gets along with
/// memory that it has already; and it is whole groups of three bytes for base64.
inline constexpr std::size_t kWriteBytes = std::size_t{90} << 10U;

/// The answer to a command, within the time of one piece.
template <typename C>
Result<typename C::Returns> ask(const Guest& guest, const typename C::Arguments& arguments) {
  auto reply = guest.connection.call(protocol::make_call<C>(arguments), guest.limit);
  if (!reply) return std::move(reply).error();
  return protocol::read_reply<C>(*reply);
}

/// The SHA-256 sum of a file, or a part of one, that a guest has computed.
struct GuestSum {
  std::string digits;   ///< hexadecimal; empty if the guest cannot compute it
  std::string why_not;  ///< then this tells why
};

/// Paths and words of programs go to the agent as text: one that is not UTF-8 would arrive as another one.
Result<void> require_utf8(const std::string& word);

/// Takes bytes of a file; false stops.
using Sink = std::function<Result<void>(std::span<const char> bytes)>;

/// An open file of the guest. Closed at the end of its life; who has written to it calls close() to learn whether all
/// is stored.
class GuestFile {
 public:
  /// `mode` as in fopen(3).
  static Result<GuestFile> open(const Guest& guest, const std::string& path, const std::string& mode);
  GuestFile(GuestFile&& other) noexcept;
  GuestFile& operator=(GuestFile&&) = delete;
  ~GuestFile();

  [[nodiscard]] std::int64_t handle() const { return handle_; }
  Result<void> close();

  /// The length of a regular file; 0 for what has none (files of /proc).
  Result<std::int64_t> size();
  Result<void> seek(std::int64_t offset);
  /// Reads up to `length` bytes from where the file stands, in pieces of which several are on their way; fewer at the
  /// end of the file. No guest gets more than that into the sink.
  Result<std::int64_t> read(std::int64_t length, const Sink& sink);

  /// Sends bytes to where the file stands; returns when there is room for more. What fails shows later, at the latest
  /// in finish_writes().
  Result<void> write(std::span<const char> bytes);
  Result<void> finish_writes();

  [[nodiscard]] const Guest& guest() const { return *guest_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Of guestd alone.
  Result<agent::GuestdFileStatus> status();
  /// Where data is, in order, and within `size`; whatever a guest says.
  Result<std::vector<agent::GuestdFileExtent>> extents(std::int64_t size);
  Result<void> set_attributes(agent::GuestdFileSetAttributesArgs attributes);
  /// Of the first `length` bytes. It takes as long as it takes; `meanwhile` runs while the guest computes.
  Result<GuestSum> sha256(std::int64_t length, const std::function<void()>& meanwhile);

 private:
  GuestFile(const Guest& guest, std::string path, std::int64_t handle)
      : guest_(&guest), path_(std::move(path)), handle_(handle) {}
  [[nodiscard]] Error named(Error error) const;

  const Guest* guest_;
  std::string path_;
  std::int64_t handle_;
  std::shared_ptr<std::optional<Error>> write_error_ = std::make_shared<std::optional<Error>>();
};

/// What is at a path of the guest; a link is followed only with `follow`. Nothing if there is nothing.
Result<std::optional<agent::GuestdFileStatus>> status_at(const Guest& guest, const std::string& path, bool follow);

}  // namespace guestd::copy
