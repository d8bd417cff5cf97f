// SPDX-License-Identifier: Apache-2.0
#include "client/copy/guest_file.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <utility>

#include "base/utf8.hpp"
#include "generated/agent/calls.hpp"
#include "protocol/base64.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

namespace guestd::copy {
namespace {

using client::Reply;
using protocol::JsonType;

/// What one request reads. libvirt passes on replies up to 10 MiB, and this is well below.
constexpr std::int64_t kPiece = std::int64_t{1} << 20U;
/// Requests on their way at once, so that neither side waits for the other.
constexpr std::size_t kOnTheirWay = 4;
constexpr std::size_t kWritesOnTheirWay = 8;
constexpr std::size_t kUnsentBytes = std::size_t{1} << 20U;
/// Extents in a file, at most: a guest could tell of any number.
constexpr std::size_t kExtents = std::size_t{1} << 20U;

struct ReadPiece {
  std::span<const char> bytes;
  bool eof = false;
};

/// Decodes inside the reply, without a copy.
Result<ReadPiece> read_piece(const protocol::JsonDocument& reply, std::int64_t wanted) {
  const auto value = protocol::returned(reply);
  if (!value) return value.error();
  const Error unusable{"the agent's reply to guest-file-read makes no sense"};
  if (!value->is(JsonType::kObject)) return unusable;
  const auto text = value->find("buf-b64");
  const auto eof = value->find("eof");
  if (!text || !text->is(JsonType::kString) || !eof || !eof->is(JsonType::kBool)) return unusable;
  const auto characters = text->mutable_string();
  auto size = protocol::base64::decode_in_place(characters);
  if (!size) return std::move(size).error();
  if (*size > static_cast<std::size_t>(wanted)) return Error{"the agent sent more of a file than was asked for"};
  return ReadPiece{{characters.data(), *size}, eof->as_bool()};
}

/// Keeps some requests to read on their way, and hands what they bring to the sink, in order.
class Reading {
 public:
  Reading(const Guest& guest, std::int64_t handle, std::int64_t length, const Sink& sink)
      : guest_(guest), handle_(handle), length_(length), sink_(sink) {}

  Result<std::int64_t> run() {
    while (!done_) {
      while (!ended_ && on_their_way_.size() < window() && received_ + expected_ < length_) request();
      if (on_their_way_.empty()) break;
      guest_.connection.wait(client::Deadline::max());
    }
    if (!on_their_way_.empty()) guest_.connection.abandon();
    if (error_) return *std::move(error_);
    return received_;
  }

 private:
  [[nodiscard]] std::size_t window() const { return guest_.connection.waits_itself() ? 1 : kOnTheirWay; }

  void request() {
    const std::int64_t count = std::min(kPiece, length_ - received_ - expected_);
    expected_ += count;
    on_their_way_.push_back(count);
    guest_.connection.start(protocol::make_call<agent::calls::FileRead>({.handle = handle_, .count = count}),
                            guest_.limit, [this](Reply reply) { take(std::move(reply)); });
  }

  void take(Reply reply) {
    const std::int64_t wanted = on_their_way_.front();
    on_their_way_.pop_front();
    expected_ -= wanted;
    if (error_) return;
    if (!reply) return stop(std::move(reply).error());
    auto piece = read_piece(**reply, wanted);
    if (!piece) return stop(std::move(piece).error());
    received_ += static_cast<std::int64_t>(piece->bytes.size());
    if (piece->eof || piece->bytes.empty()) ended_ = true;
    if (piece->bytes.empty()) return;
    if (auto taken = sink_(piece->bytes); !taken) stop(std::move(taken).error());
  }

  void stop(Error error) {
    error_ = std::move(error);
    done_ = true;
  }

  const Guest& guest_;
  std::int64_t handle_;
  std::int64_t length_;
  const Sink& sink_;
  std::deque<std::int64_t> on_their_way_;
  std::int64_t expected_ = 0;
  std::int64_t received_ = 0;
  bool ended_ = false;
  bool done_ = false;
  std::optional<Error> error_;
};

protocol::Call write_call(std::int64_t handle, std::span<const char> bytes) {
  protocol::JsonWriter out;
  out.text().reserve(protocol::base64::encoded_size(bytes.size()) + 64);
  out.begin_object();
  out.key("handle");
  out.integer(handle);
  out.key("buf-b64");
  out.base64(std::as_bytes(bytes));
  out.end_object();
  return {agent::calls::FileWrite::kName, out.take_text(), true};
}

}  // namespace

Result<void> require_utf8(const std::string& word) {
  if (utf8::is_valid(word)) return {};
  return Error{word + " is not UTF-8, so it cannot be sent"};
}

Result<GuestFile> GuestFile::open(const Guest& guest, const std::string& path, const std::string& mode) {
  if (auto told = require_utf8(path); !told) return std::move(told).error();
  auto handle = ask<agent::calls::FileOpen>(guest, {.path = path, .mode = mode});
  if (!handle) return std::move(handle).error();
  return GuestFile(guest, path, *handle);
}

GuestFile::GuestFile(GuestFile&& other) noexcept
    : guest_(other.guest_),
      path_(std::move(other.path_)),
      handle_(std::exchange(other.handle_, -1)),
      write_error_(std::move(other.write_error_)) {}

GuestFile::~GuestFile() {
  if (handle_ >= 0) [[maybe_unused]]
    auto ignored = close();
}

Error GuestFile::named(Error error) const { return std::move(error).with_context(path_); }

Result<void> GuestFile::close() {
  auto closed = ask<agent::calls::FileClose>(*guest_, {.handle = std::exchange(handle_, -1)});
  if (!closed) return named(std::move(closed).error());
  return {};
}

Result<void> GuestFile::seek(std::int64_t offset) {
  auto moved =
      ask<agent::calls::FileSeek>(*guest_, {.handle = handle_, .offset = offset, .whence = std::int64_t{SEEK_SET}});
  if (!moved) return named(std::move(moved).error());
  return {};
}

Result<std::int64_t> GuestFile::size() {
  auto end = ask<agent::calls::FileSeek>(*guest_, {.handle = handle_, .offset = 0, .whence = std::int64_t{SEEK_END}});
  // What cannot be sought in is read to its end.
  if (!end) return end.error().kind == Error::Kind::kGeneric ? Result<std::int64_t>(0) : named(std::move(end).error());
  if (auto back = seek(0); !back) return std::move(back).error();
  return std::max<std::int64_t>(end->position, 0);
}

Result<std::int64_t> GuestFile::read(std::int64_t length, const Sink& sink) {
  auto received = Reading(*guest_, handle_, length, sink).run();
  if (!received) return named(std::move(received).error());
  return received;
}

Result<void> GuestFile::write(std::span<const char> bytes) {
  client::Connection& connection = guest_->connection;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kWriteBytes));
    bytes = bytes.subspan(piece.size());
    const auto size = static_cast<std::int64_t>(piece.size());
    connection.start(write_call(handle_, piece), guest_->limit, [error = write_error_, size](Reply reply) {
      if (*error) return;
      if (!reply) return void(*error = std::move(reply).error());
      auto written = protocol::read_reply<agent::calls::FileWrite>(*reply);
      if (!written) return void(*error = std::move(written).error());
      if (written->count != size)
        *error = Error{"only " + std::to_string(written->count) + " bytes of a piece were written"};
    });
    do {
      connection.process();
      if (connection.pending() < kWritesOnTheirWay && connection.unsent_bytes() < kUnsentBytes) break;
      connection.wait(client::Deadline::max());
    } while (connection.pending() >= kWritesOnTheirWay || connection.unsent_bytes() >= kUnsentBytes);
    if (*write_error_) return finish_writes();
  }
  return {};
}

Result<void> GuestFile::finish_writes() {
  while (guest_->connection.pending() > 0) guest_->connection.wait(client::Deadline::max());
  if (*write_error_) return named(**write_error_);
  return {};
}

Result<agent::GuestdFileStatus> GuestFile::status() {
  agent::GuestdFileStatArgs args;
  args.handle = handle_;
  auto stat = ask<agent::calls::GuestdFileStat>(*guest_, args);
  if (!stat) return named(std::move(stat).error());
  return std::move(stat->status);
}

Result<std::vector<agent::GuestdFileExtent>> GuestFile::extents(std::int64_t size) {
  std::vector<agent::GuestdFileExtent> all;
  std::int64_t from = 0;
  std::int64_t end = 0;
  for (;;) {
    agent::GuestdFileStatArgs args;
    args.handle = handle_;
    args.data_from = from;
    auto stat = ask<agent::calls::GuestdFileStat>(*guest_, args);
    if (!stat) return named(std::move(stat).error());
    for (const auto& extent : stat->data.value_or(std::vector<agent::GuestdFileExtent>())) {
      const bool sound = extent.offset >= end && extent.length > 0 && extent.length <= INT64_MAX - extent.offset;
      if (!sound || all.size() == kExtents) return Error{path_ + ": the agent's map of the file makes no sense"};
      if (extent.offset >= size) return all;
      end = std::min(extent.offset + extent.length, size);
      all.push_back({.offset = extent.offset, .length = end - extent.offset});
    }
    if (!stat->data_next) return all;
    if (*stat->data_next <= from) return Error{path_ + ": the agent's map of the file has no end"};
    from = *stat->data_next;
  }
}

Result<void> GuestFile::set_attributes(agent::GuestdFileSetAttributesArgs attributes) {
  attributes.handle = handle_;
  auto set = ask<agent::calls::GuestdFileSetAttributes>(*guest_, attributes);
  if (!set) return named(std::move(set).error());
  return {};
}

Result<GuestSum> GuestFile::sha256(std::int64_t length, const std::function<void()>& meanwhile) {
  agent::GuestdFileChecksumArgs args;
  args.handle = handle_;
  args.length = length;
  client::Connection& connection = guest_->connection;
  std::optional<Reply> reply;
  connection.start(protocol::make_call<agent::calls::GuestdFileChecksum>(args), client::kForever,
                   [&reply](Reply came) { reply = std::move(came); });
  connection.process();
  meanwhile();
  while (!reply) connection.wait(client::Deadline::max());
  if (!*reply) return named(std::move(*reply).error());
  auto sum = protocol::read_reply<agent::calls::GuestdFileChecksum>(**reply);
  if (!sum && sum.error().kind == Error::Kind::kUnsupported) return GuestSum{"", std::move(sum).error().text};
  if (!sum) return named(std::move(sum).error());
  return GuestSum{std::move(sum->sha256), ""};
}

Result<std::optional<agent::GuestdFileStatus>> status_at(const Guest& guest, const std::string& path, bool follow) {
  using Found = std::optional<agent::GuestdFileStatus>;
  if (auto told = require_utf8(path); !told) return std::move(told).error();
  agent::GuestdFileStatArgs args;
  args.path = path;
  args.follow = follow;
  auto stat = ask<agent::calls::GuestdFileStat>(guest, args);
  if (stat) return Found(std::move(stat->status));
  if (stat.error().text.find("No such file or directory") != std::string::npos) return Found();
  return std::move(stat).error();
}

}  // namespace guestd::copy
