// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schema/compiler/example_json.hpp"
#include "schema/compiler/model.hpp"

namespace guestd::schema {

/// One message of an example: `-> ` before what the client sends, `<- ` before what it gets. A message goes on over
/// the lines below that have no sign, up to a blank one.
struct ExampleMessage {
  bool sent = false;
  Position position;
  std::string text;                 // its lines, joined with blanks
  std::optional<ExampleJson> json;  // nothing: it is none, even with `...` taken for something
};

/// An example of a command's documentation that holds messages.
struct Example {
  const Command* command = nullptr;
  std::vector<ExampleMessage> messages;
};

/// All of a schema, in its order.
std::vector<Example> examples(const Schema& schema);

/// Reports what does not fit the schema: messages that are no JSON, commands, arguments and members of replies that do
/// not exist, are missing, or have another type. `...` fits everywhere.
void check_examples(const Schema& schema, Diagnostics& diagnostics);

/// All examples in the form of a transcript: `# command`, then `> request` and `< reply`, one line each.
std::string generate_transcript(const Schema& schema);

}  // namespace guestd::schema
