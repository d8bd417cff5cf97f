// SPDX-License-Identifier: Apache-2.0
#include "protocol/reply.hpp"

namespace guestd::protocol {

void begin_return(JsonWriter& out) {
  out.begin_object();
  out.key("return");
}

void end_return(JsonWriter& out, const std::optional<JsonView>& id) {
  if (id) {
    out.key("id");
    out.value(*id);
  }
  out.end_object();
  out.raw("\n");
}

void write_error(JsonWriter& out, const Error& error, const std::optional<JsonView>& id) {
  out.begin_object();
  if (id) {
    out.key("id");
    out.value(*id);
  }
  out.key("error");
  out.begin_object();
  out.key("class");
  out.string(error.kind == Error::Kind::kUnsupported ? "CommandNotFound" : "GenericError");
  out.key("desc");
  out.string(error.text);
  out.end_object();
  out.end_object();
  out.raw("\n");
}

}  // namespace guestd::protocol
