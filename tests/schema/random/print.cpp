// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include "tests/schema/random/dice.hpp"
#include "tests/schema/random/model.hpp"

namespace guestd::schema::random {
namespace {

std::string quoted(const std::string& text) { return "'" + text + "'"; }
std::string spelled(const Use& use) { return use.list ? "[ " + quoted(use.type) + " ]" : quoted(use.type); }

class Printer {
 public:
  explicit Printer(std::uint32_t seed) : dice_(seed) {}

  std::string run(const Model& model) {
    pragma(model);
    for (const auto& definition : model.definitions) {
      if (dice_.chance(20)) text_ += "# A comment with 'quotes' and { brackets\n";
      std::visit([&](const auto& each) { print(each); }, definition);
    }
    return std::move(text_);
  }

 private:
  /// Keys and their values, in any order.
  using Object = std::vector<std::pair<std::string, std::string>>;

  std::string gap() { return dice_.chance(10) ? "\n   " : dice_.chance(10) ? "" : " "; }

  std::string joined(const std::vector<std::string>& parts, char open, char close) {
    std::string text(1, open);
    text += gap();
    for (std::size_t index = 0; index < parts.size(); ++index) {
      if (index > 0) text += "," + gap();
      text += parts[index];
    }
    return text + gap() + close;
  }

  std::string object(const Object& members) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : members) parts.push_back(quoted(key) + ":" + gap() + value);
    return joined(parts, '{', '}');
  }

  void definition(Object members) {
    dice_.shuffle(members);
    text_ += object(members) + "\n";
  }

  void pragma(const Model& model) {
    std::vector<std::string> names;
    for (const auto& each : model.definitions) {
      const auto* message = std::get_if<Message>(&each);
      if (message != nullptr && message->returns_exception) names.push_back(quoted(message->name));
    }
    if (names.empty()) return;
    text_ += object({{"pragma", object({{"command-returns-exceptions", joined(names, '[', ']')}})}}) + "\n";
  }

  void add(Object& target, const Marks& marks) {
    if (!marks.condition.empty()) target.emplace_back("if", marks.condition);
    std::vector<std::string> features;
    for (const auto& feature : marks.features) {
      Object parts{{"name", quoted(feature.name)}};
      if (!feature.condition.empty()) parts.emplace_back("if", feature.condition);
      const bool brief = feature.condition.empty() && dice_.chance(70);
      features.push_back(brief ? quoted(feature.name) : object(parts));
    }
    if (!features.empty()) target.emplace_back("features", joined(features, '[', ']'));
  }

  /// The short form if that is enough, or the long one all the same.
  std::string value(const std::string& key, const std::string& brief, const Marks& marks) {
    Object parts{{key, brief}};
    add(parts, marks);
    return parts.size() == 1 && dice_.chance(80) ? brief : object(parts);
  }

  std::string members(const std::vector<Member>& all) {
    Object parts;
    for (const auto& member : all) {
      parts.emplace_back((member.optional ? "*" : "") + member.name, value("type", spelled(member.use), member.marks));
    }
    return object(parts);
  }

  void print(const Enum& each) {
    std::vector<std::string> values;
    for (const auto& item : each.values) values.push_back(value("name", quoted(item.name), item.marks));
    Object parts{{"enum", quoted(each.name)}, {"data", joined(values, '[', ']')}};
    if (dice_.chance(10)) parts.emplace_back("prefix", "'MY_PREFIX'");
    add(parts, each.marks);
    definition(parts);
  }

  void print(const Struct& each) {
    Object parts{{"struct", quoted(each.name)}, {"data", members(each.members)}};
    if (!each.base.empty()) parts.emplace_back("base", quoted(each.base));
    add(parts, each.marks);
    definition(parts);
  }

  void print(const Union& each) {
    Object branches;
    for (const auto& [name, type, condition] : each.branches) {
      branches.emplace_back(name, value("type", quoted(type), {{}, condition}));
    }
    Object parts{{"union", quoted(each.name)},
                 {"base", each.base.empty() ? members(each.members) : quoted(each.base)},
                 {"discriminator", quoted(each.tag)},
                 {"data", object(branches)}};
    add(parts, each.marks);
    definition(parts);
  }

  void print(const SimpleUnion& each) {
    Object branches;
    for (const auto& [name, use] : each.branches) branches.emplace_back(name, spelled(use));
    definition({{"union", quoted(each.name)}, {"data", object(branches)}});
  }

  void print(const Alternate& each) {
    Object parts{{"alternate", quoted(each.name)}, {"data", members(each.branches)}};
    add(parts, each.marks);
    definition(parts);
  }

  void print(const Message& each) {
    Object parts{{each.event ? "event" : "command", quoted(each.name)}};
    if (!each.data.empty()) {
      parts.emplace_back("data", quoted(each.data));
    } else if (!each.members.empty() || dice_.chance(20)) {
      parts.emplace_back("data", members(each.members));
    }
    if (each.boxed) parts.emplace_back("boxed", "true");
    if (each.returns) parts.emplace_back("returns", spelled(*each.returns));
    if (each.allow_oob) parts.emplace_back("allow-oob", "true");
    if (each.no_success_response) parts.emplace_back("success-response", "false");
    add(parts, each.marks);
    definition(parts);
  }

  Dice dice_;
  std::string text_;
};

}  // namespace

std::string print(const Model& model, std::uint32_t seed) { return Printer(seed).run(model); }

}  // namespace guestd::schema::random
