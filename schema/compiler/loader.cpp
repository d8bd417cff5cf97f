// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/loader.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace guestd::schema {
namespace {

/// Files that include each other in a chain; bounds the recursion.
constexpr std::size_t kMaxIncludeDepth = 64;

class Loader {
 public:
  Loader(Sources& sources, Dialect dialect, Diagnostics& diagnostics)
      : sources_(sources), dialect_(dialect), diagnostics_(diagnostics) {}

  LoadedSchema run(std::uint32_t main) {
    read(main);
    return std::move(loaded_);
  }

 private:
  void read(std::uint32_t file) {
    open_.push_back(file);
    for (auto& expression : parse(sources_, file, dialect_, diagnostics_)) {
      const Value* path = expression.value ? expression.value->find("include") : nullptr;
      const Value* pragmas = expression.value ? expression.value->find("pragma") : nullptr;
      if (path != nullptr) {
        directive(expression, "include");
        include(file, *path);
      } else if (pragmas != nullptr) {
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
    if (expression.doc && !dialect_.legacy) {
      diagnostics_.error(expression.doc->position, "'" + name + "' takes no documentation");
    }
  }

  void include(std::uint32_t from, const Value& value) {
    if (!value.is_string()) return diagnostics_.error(value.position, "value of 'include' must be a string");
    if (value.text.empty()) return diagnostics_.error(value.position, "'include' names no file");
    const auto folder = std::filesystem::path(sources_.file(from).path).parent_path();
    const auto path = (folder / value.text).lexically_normal().string();
    if (const auto known = sources_.find(path)) {
      if (std::find(open_.begin(), open_.end(), *known) != open_.end()) {
        diagnostics_.error(value.position, "'" + value.text + "' includes itself");
      }
      return;
    }
    if (open_.size() >= kMaxIncludeDepth) return diagnostics_.error(value.position, "files are included too deeply");
    const auto file = sources_.include(path);
    if (file) return read(*file);
    if (dialect_.partial) return diagnostics_.warning(value.position, file.error().text);
    diagnostics_.error(value.position, file.error().text);
  }

  void pragma(const Value& value) {
    if (!value.is_object()) return diagnostics_.error(value.position, "value of 'pragma' must be an object");
    for (std::size_t index = 0; index < value.keys.size(); ++index) {
      const auto& [name, position] = value.keys[index];
      if (name == "doc-required") {
        flag(value.items[index], name, loaded_.pragmas.doc_required);
      } else if (Pragmas::Names* names = exceptions(name)) {
        add_names(value.items[index], name, *names);
      } else {
        diagnostics_.error(position, "unknown pragma '" + name + "'");
      }
    }
  }

  Pragmas::Names* exceptions(std::string_view name) {
    Pragmas& pragmas = loaded_.pragmas;
    if (name == "command-name-exceptions") return &pragmas.command_name_exceptions;
    if (name == "command-returns-exceptions") return &pragmas.command_returns_exceptions;
    if (name == "documentation-exceptions") return &pragmas.documentation_exceptions;
    if (name == "member-name-exceptions") return &pragmas.member_name_exceptions;
    if (!dialect_.legacy) return nullptr;
    if (name == "returns-whitelist") return &pragmas.command_returns_exceptions;
    if (name == "name-case-whitelist") return &pragmas.member_name_exceptions;
    return nullptr;
  }

  void flag(const Value& value, const std::string& name, bool& target) {
    if (value.kind != Value::Kind::kBool) {
      return diagnostics_.error(value.position, "pragma '" + name + "' must be true or false");
    }
    target = value.truth;
  }

  void add_names(const Value& value, const std::string& name, Pragmas::Names& target) {
    if (!value.is_list() ||
        !std::all_of(value.items.begin(), value.items.end(), [](const Value& item) { return item.is_string(); })) {
      return diagnostics_.error(value.position, "pragma '" + name + "' must be a list of strings");
    }
    for (const auto& item : value.items) target.insert(item.text);
  }

  Sources& sources_;
  Dialect dialect_;
  Diagnostics& diagnostics_;
  LoadedSchema loaded_;
  std::vector<std::uint32_t> open_;
};

}  // namespace

LoadedSchema load(Sources& sources, std::uint32_t main, Dialect dialect, Diagnostics& diagnostics) {
  return Loader(sources, dialect, diagnostics).run(main);
}

}  // namespace guestd::schema
