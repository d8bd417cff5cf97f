// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/examples.hpp"

#include <algorithm>
#include <utility>

#include "schema/compiler/doc_text.hpp"

namespace guestd::schema {
namespace {

std::vector<ExampleMessage> messages_of(const DocComment::Section& section) {
  std::vector<ExampleMessage> result;
  bool goes_on = false;
  Position place = section.text_position;
  for (const auto whole : split_lines(section.text)) {
    const auto line = without_indentation(whole);
    const bool sent = line.starts_with("->");
    if (sent || line.starts_with("<-")) {
      result.push_back({sent, place, std::string(without_indentation(line.substr(2))), std::nullopt});
      goes_on = true;
    } else if (line.empty()) {
      goes_on = false;
    } else if (goes_on) {
      result.back().text += ' ';
      result.back().text += line;
    }
    ++place.line;
  }
  for (auto& message : result) message.json = parse_example_json(message.text);
  return result;
}

}  // namespace

std::vector<Example> examples(const Schema& schema) {
  std::vector<Example> result;
  for (const auto& command : schema.commands) {
    if (!command->doc) continue;
    for (const auto& section : command->doc->sections) {
      if (section.kind != DocComment::Section::Kind::kExample) continue;
      auto messages = messages_of(section);
      if (!messages.empty()) result.push_back({command.get(), std::move(messages)});
    }
  }
  return result;
}

std::string generate_transcript(const Schema& schema) {
  std::string result;
  for (const auto& example : examples(schema)) {
    if (!result.empty()) result += '\n';
    result += "# " + example.command->name + "\n";
    for (const auto& message : example.messages) {
      result += (message.sent ? "> " : "< ") + (message.json ? to_string(*message.json) : message.text) + "\n";
    }
  }
  return result;
}

}  // namespace guestd::schema
