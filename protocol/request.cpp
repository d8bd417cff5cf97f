// SPDX-License-Identifier: Apache-2.0
#include "protocol/request.hpp"

#include <string>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "protocol/json_syntax.hpp"

namespace guestd::protocol {
namespace {

Error generic(std::string text) { return Error{std::move(text), 0, Error::Kind::kGeneric}; }

Error explain(const FrameReader::Frame& frame) {
  switch (frame.fault) {
    case FrameReader::Fault::kSize:
      return generic("JSON token size limit exceeded");
    case FrameReader::Fault::kTokens:
      return generic("JSON token count limit exceeded");
    case FrameReader::Fault::kDepth:
      return generic("JSON nesting depth limit exceeded");
    case FrameReader::Fault::kSyntax:
    case FrameReader::Fault::kNone:
      break;
  }
  // A message that broke at a quote broke because no string may stand there, not because of what the string says.
  std::string text(frame.text.view());
  if (text.back() == '"' || text.back() == '\'') text += text.back();
  auto strict = to_strict_json(text);
  return strict ? generic("JSON parse error, expecting value") : std::move(strict).error();
}

std::optional<Error> read_member(Request& request, JsonView member) {
  const std::string_view key = member.key();
  if (key == "execute") {
    if (!member.is(JsonType::kString)) return generic("QMP input member 'execute' must be a string");
    request.command = member.as_string();
  } else if (key == "arguments") {
    if (!member.is(JsonType::kObject)) return generic("QMP input member 'arguments' must be an object");
    request.arguments = member;
  } else if (key != "id") {
    return generic("QMP input member '" + excerpt(key) + "' is unexpected");
  }
  return std::nullopt;
}

std::optional<Error> read_envelope(Request& request) {
  const JsonView root = request.document.root();
  if (!root.is(JsonType::kObject)) return generic("QMP input must be a JSON object");
  request.id = root.find("id");
  if (request.id && request.id->weight_bytes() > limits::kIdBytes) {
    request.id.reset();
    return generic("QMP input member 'id' is too large");
  }
  for (const JsonView member : root) {
    if (auto error = read_member(request, member)) return error;
  }
  if (!root.find("execute")) return generic("QMP input lacks member 'execute'");
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Request>> read_request(FrameReader::Frame frame, JsonParser& parser) {
  if (frame.fault != FrameReader::Fault::kNone) return explain(frame);
  auto document = parser.parse(std::move(frame.text));
  if (!document) return std::move(document).error();
  auto request = std::make_unique<Request>();
  request->document = std::move(*document);
  request->error = read_envelope(*request);
  return request;
}

}  // namespace guestd::protocol
