// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/loader.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace guestd::schema {
namespace {

class Loader {
 public:
  Loader(Sources& sources, Diagnostics& diagnostics) : sources_(sources), diagnostics_(diagnostics) {}

  LoadedSchema run(std::uint32_t main) {
    read(main);
    return std::move(loaded_);
  }

 private:
  void read(std::uint32_t file) {
    open_.push_back(file);
    for (auto& expression : parse(sources_, file, diagnostics_)) {
      if (!expression.value) {
        loaded_.expressions.push_back(std::move(expression));
      } else if (const auto* path = expression.value->find("include")) {
        directive(expression, "include");
        include(file, *path);
      } else if (const auto* pragmas = expression.value->find("pragma")) {
        directive(expression, "pragma");
        pragma(*pragmas);
      } else {
        loaded_.expressions.push_back(std::move(expression));
      }
    }
    open_.pop_back();
  }

  void directive(const Expression& expression, const std::string& name) {
    if (expression.value->keys.size() > 1) {
      diagnostics_.error(expression.value->position, "'" + name + "' stands alone: no other key is allowed");
    }
    if (expression.doc) diagnostics_.error(expression.doc->position, "'" + name + "' takes no documentation");
  }

  void include(std::uint32_t from, const Value& value) {
    if (!value.is_string()) return diagnostics_.error(value.position, "value of 'include' must be a string");
    const auto folder = std::filesystem::path(sources_.file(from).path).parent_path();
    const auto path = (folder / value.text).lexically_normal().string();
    if (const auto known = sources_.find(path)) {
      if (std::find(open_.begin(), open_.end(), *known) != open_.end()) {
        diagnostics_.error(value.position, "'" + value.text + "' includes itself");
      }
      return;
    }
    const auto file = sources_.load(path);
    if (!file) return diagnostics_.error(value.position, file.error().text);
    read(*file);
  }

  void pragma(const Value& value) {
    if (!value.is_object()) return diagnostics_.error(value.position, "value of 'pragma' must be an object");
    for (std::size_t index = 0; index < value.keys.size(); ++index) {
      const auto& [name, position] = value.keys[index];
      if (name == "doc-required") {
        flag(value.items[index], name, loaded_.pragmas.doc_required);
      } else if (name == "command-name-exceptions") {
        names(value.items[index], name, loaded_.pragmas.command_name_exceptions);
      } else if (name == "command-returns-exceptions") {
        names(value.items[index], name, loaded_.pragmas.command_returns_exceptions);
      } else if (name == "member-name-exceptions") {
        names(value.items[index], name, loaded_.pragmas.member_name_exceptions);
      } else {
        diagnostics_.error(position, "unknown pragma '" + name + "'");
      }
    }
  }

  void flag(const Value& value, const std::string& name, bool& target) {
    if (value.kind != Value::Kind::kBool) {
      return diagnostics_.error(value.position, "pragma '" + name + "' must be true or false");
    }
    target = value.truth;
  }

  void names(const Value& value, const std::string& name, std::vector<std::string>& target) {
    if (!value.is_list() ||
        !std::all_of(value.items.begin(), value.items.end(), [](const Value& item) { return item.is_string(); })) {
      return diagnostics_.error(value.position, "pragma '" + name + "' must be a list of strings");
    }
    for (const auto& item : value.items) target.push_back(item.text);
  }

  Sources& sources_;
  Diagnostics& diagnostics_;
  LoadedSchema loaded_;
  std::vector<std::uint32_t> open_;
};

}  // namespace

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

LoadedSchema load(Sources& sources, std::uint32_t main, Diagnostics& diagnostics) {
  return Loader(sources, diagnostics).run(main);
}

}  // namespace guestd::schema
