// SPDX-License-Identifier: Apache-2.0
#include "client/lib/reply_reader.hpp"

#include <new>
#include <string>
#include <utility>

namespace guestd::client {
namespace {

using protocol::FrameReader;
using protocol::JsonDocument;

std::string_view fault_text(FrameReader::Fault fault) {
  switch (fault) {
    case FrameReader::Fault::kSize:
      return "it is larger than 64 MiB";
    case FrameReader::Fault::kTokens:
      return "it has too many values";
    case FrameReader::Fault::kDepth:
      return "it is nested too deeply";
    default:
      return "it is no JSON";
  }
}

Error broken(std::string_view why) { return Error{"the agent sent something that is no reply: " + std::string(why)}; }

}  // namespace

std::optional<Result<JsonDocument>> ReplyReader::next(std::string_view& input) {
  auto frame = frames_.next(input);
  if (!frame) return std::nullopt;
  if (frame->fault != FrameReader::Fault::kNone) return broken(fault_text(frame->fault));
  auto document = parser_.parse(std::move(frame->text));
  if (!document) return broken(document.error().text);
  return document;
}

}  // namespace guestd::client
