// SPDX-License-Identifier: Apache-2.0
#include "tests/schema/whole_agent.hpp"

#include <algorithm>

#include "generated/whole/commands.hpp"
#include "protocol/frame_reader.hpp"
#include "protocol/reply.hpp"
#include "protocol/request.hpp"

namespace guestd::whole {

using commands::Context;

Result<EchoOddResult> echo_odd(Context&, const EchoOddArgs& args) { return args; }
Result<EchoPlantResult> echo_plant(Context&, const EchoPlantArgs& args) { return args; }
Result<EchoTreeResult> echo_tree(Context&, const EchoTreeArgs& args) { return args; }
Result<EchoNodeResult> echo_node(Context&, const EchoNodeArgs& args) { return args; }
Result<EchoGardenResult> echo_garden(Context&, const EchoGardenArgs& args) { return args; }
Result<EchoPayloadResult> echo_payload(Context&, const EchoPayloadArgs& args) { return args.payloads; }
Result<EchoFormResult> echo_form(Context&, const EchoFormArgs& args) { return args.form; }
Result<EchoAnyResult> echo_any(Context&, const EchoAnyArgs& args) { return args.any; }
Result<EchoNumbersResult> echo_numbers(Context&, const EchoNumbersArgs& args) { return args; }
Result<EchoConditionalResult> echo_conditional(Context&, const EchoConditionalArgs& args) { return args; }

Result<EchoConditionalUnionResult> echo_conditional_union(Context&, const EchoConditionalUnionArgs& args) {
  return args;
}

Result<ExchangeBytesResult> exchange_bytes(Context&, const ExchangeBytesArgs& args) {
  Received received;
  if (!args.bytes) return received;
  const auto bytes = args.bytes->decode();
  if (!bytes) return bytes.error();
  std::string reversed(bytes->size(), '\0');
  std::transform(bytes->rbegin(), bytes->rend(), reversed.begin(),
                 [](std::byte each) { return static_cast<char>(each); });
  received.count = static_cast<std::int64_t>(reversed.size());
  received.bytes = protocol::ByteStream(std::move(reversed));
  return received;
}

Result<FailResult> fail(Context&, const FailArgs& args) {
  if (args.unsupported.value_or(false)) return Error::unsupported("not on this system");
  return Error{"failed as asked"};
}

Result<LastWordsResult> last_words(Context&, const LastWordsArgs& args) {
  if (!args.silent) return Error{"not yet"};
  return std::string("never sent");
}

Result<RestResult> rest(Context&) { return {}; }

#ifdef WHOLE_EXTRA
Result<ExtraOnlyResult> extra_only(Context&) { return ExtraStruct{Level::kExtra}; }
#endif

std::string Agent::answer(const std::string& text) {
  protocol::FrameReader frames;
  protocol::JsonParser parser;
  std::string_view input = text;
  auto frame = frames.next(input);
  if (!frame || !input.empty()) return R"({"error": {"class": "GenericError", "desc": "not one message"}})";
  const auto request = protocol::read_request(std::move(*frame), parser);
  if (!request) return R"({"error": {"class": "GenericError", "desc": "no request"}})";

  const auto table = protocol::command_table();
  const auto entry =
      std::find_if(table.begin(), table.end(), [&](const auto& each) { return each.name == (*request)->command; });
  protocol::JsonWriter out;
  if (entry == table.end()) {
    protocol::write_error(out, Error::unsupported("The command has not been found"), (*request)->id);
    return out.take_text();
  }
  commands::Context context;
  const auto arguments = (*request)->arguments;
  protocol::begin_return(out);
  const auto result = entry->run(context, arguments ? &*arguments : nullptr, out);
  if (result) {
    protocol::end_return(out, (*request)->id);
    return entry->success_response ? out.take_text() : "";
  }
  out.restart(0);
  protocol::write_error(out, result.error(), (*request)->id);
  return out.take_text();
}

Result<std::optional<protocol::JsonDocument>> Agent::call(const protocol::Call& call) {
  requests.push_back(protocol::request_text(call));
  last_reply = answer(requests.back());
  if (last_reply.empty()) return std::optional<protocol::JsonDocument>();
  if (!extra_member.empty()) {
    for (auto at = last_reply.find('{'); at != std::string::npos; at = last_reply.find('{', at + 1)) {
      if (last_reply[at + 1] == '}') continue;
      last_reply.insert(at + 1, extra_member);
      at += extra_member.size();
    }
  }
  auto document = protocol::JsonDocument::parse(protocol::Buffer(last_reply));
  if (!document) return std::move(document).error();
  return std::optional<protocol::JsonDocument>(*std::move(document));
}

}  // namespace guestd::whole
