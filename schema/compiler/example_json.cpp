// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/example_json.hpp"

#include <algorithm>
#include <utility>

namespace guestd::schema {
namespace {

using Kind = ExampleJson::Kind;

/// Deeper than any example; bounds the recursion.
constexpr int kMaxDepth = 64;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<ExampleJson> whole() {
    auto result = value(0);
    skip();
    if (!text_.empty()) return std::nullopt;
    return result;
  }

 private:
  void skip() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size())); }

  bool take(std::string_view token) {
    skip();
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }

  std::optional<ExampleJson> value(int depth) {
    if (depth > kMaxDepth) return std::nullopt;
    if (take("...")) return ExampleJson{Kind::kAnything};
    if (take("{")) return members(depth);
    if (take("[")) return elements(depth);
    if (take("\"")) return string();
    if (take("null")) return ExampleJson{Kind::kNull};
    for (const auto* word : {"true", "false"}) {
      if (take(word)) return ExampleJson{Kind::kBool, word};
    }
    return number();
  }

  std::optional<ExampleJson> number() {
    const auto size = std::min(text_.find_first_not_of("+-.0123456789eE"), text_.size());
    if (size == 0) return std::nullopt;
    ExampleJson result{Kind::kNumber, std::string(text_.substr(0, size))};
    text_.remove_prefix(size);
    return result;
  }

  /// Escapes stay as they are: a pattern is written in the form in which replies come.
  std::optional<ExampleJson> string() {
    ExampleJson result{Kind::kString};
    while (!text_.empty() && text_.front() != '"') {
      const bool escape = text_.front() == '\\' && text_.size() > 1;
      result.text += text_.substr(0, escape ? 2 : 1);
      text_.remove_prefix(escape ? 2 : 1);
    }
    if (text_.empty()) return std::nullopt;
    text_.remove_prefix(1);
    return result;
  }

  std::optional<ExampleJson> elements(int depth) {
    ExampleJson result{Kind::kArray};
    if (take("]")) return result;
    do {
      if (take_end(result, "]")) return result;
      auto item = value(depth + 1);
      if (!item) return std::nullopt;
      result.items.push_back(*std::move(item));
    } while (take(","));
    return take("]") ? std::optional(std::move(result)) : std::nullopt;
  }

  std::optional<ExampleJson> members(int depth) {
    ExampleJson result{Kind::kObject};
    if (take("}")) return result;
    do {
      if (take_end(result, "}")) return result;
      if (!take("\"")) return std::nullopt;
      auto name = string();
      if (!name || !take(":")) return std::nullopt;
      auto item = value(depth + 1);
      if (!item) return std::nullopt;
      result.names.push_back(std::move(name->text));
      result.items.push_back(*std::move(item));
    } while (take(","));
    return take("}") ? std::optional(std::move(result)) : std::nullopt;
  }

  /// `... ]` or `... }`
  bool take_end(ExampleJson& container, std::string_view bracket) {
    const auto before = text_;
    if (take("...") && take(bracket)) return container.open = true;
    text_ = before;
    return false;
  }

  std::string_view text_;
};

bool elements_match(const ExampleJson& pattern, const ExampleJson& value) {
  const auto size = pattern.items.size();
  if (pattern.open ? value.items.size() < size : value.items.size() != size) return false;
  return std::equal(pattern.items.begin(), pattern.items.end(), value.items.begin(), matches);
}

bool members_match(const ExampleJson& pattern, const ExampleJson& value) {
  if (!pattern.open && value.names.size() != pattern.names.size()) return false;
  for (std::size_t index = 0; index < pattern.names.size(); ++index) {
    const auto* item = value.find(pattern.names[index]);
    if (item == nullptr || !matches(pattern.items[index], *item)) return false;
  }
  return true;
}

}  // namespace

const ExampleJson* ExampleJson::find(std::string_view name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? nullptr : &items[static_cast<std::size_t>(found - names.begin())];
}

bool ExampleJson::is_integer() const { return kind == Kind::kNumber && text.find_first_of(".eE") == std::string::npos; }

std::optional<ExampleJson> parse_example_json(std::string_view text) { return Reader(text).whole(); }

bool matches(const ExampleJson& pattern, const ExampleJson& value) {
  if (pattern.kind == Kind::kAnything) return true;
  if (pattern.kind != value.kind) return false;
  if (pattern.kind == Kind::kArray) return elements_match(pattern, value);
  if (pattern.kind == Kind::kObject) return members_match(pattern, value);
  return pattern.text == value.text;
}

std::string to_string(const ExampleJson& value) {
  if (value.kind == Kind::kAnything) return "...";
  if (value.kind == Kind::kNull) return "null";
  if (value.kind == Kind::kString) return '"' + value.text + '"';
  const bool object = value.kind == Kind::kObject;
  if (!object && value.kind != Kind::kArray) return value.text;
  std::string result;
  for (std::size_t index = 0; index < value.items.size(); ++index) {
    if (index != 0) result += ", ";
    if (object) result += '"' + value.names[index] + "\": ";
    result += to_string(value.items[index]);
  }
  if (value.open) result += value.items.empty() ? "..." : ", ...";
  return object ? "{" + result + "}" : "[" + result + "]";
}

}  // namespace guestd::schema
