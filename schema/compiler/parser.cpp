// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/parser.hpp"

#include <set>
#include <string>
#include <utility>

#include "schema/compiler/lexer.hpp"

namespace guestd::schema {
namespace {

/// Deeper than anything the language has a use for; bounds the recursion.
constexpr int kMaxDepth = 64;

class Parser {
 public:
  Parser(Lexer lexer, Dialect dialect, Diagnostics& diagnostics)
      : lexer_(lexer), dialect_(dialect), diagnostics_(diagnostics), now_(lexer_.next()) {}

  std::vector<Expression> run() {
    while (now_.kind != Token::Kind::kEnd && !diagnostics_.full()) {
      if (now_.kind == Token::Kind::kDoc) {
        doc();
      } else {
        expression(std::nullopt);
      }
    }
    return std::move(expressions_);
  }

 private:
  Token next() { return std::exchange(now_, lexer_.next()); }

  void doc() {
    const Token token = next();
    auto doc = parse_doc(token.text, token.position, diagnostics_, dialect_.legacy);
    if (doc.symbol.empty()) {
      expressions_.push_back({std::nullopt, std::move(doc)});
    } else if (now_.is('{')) {
      expression(std::move(doc));
    } else if (dialect_.legacy) {
      expressions_.push_back({std::nullopt, as_free_text(std::move(doc))});
    } else {
      diagnostics_.error(token.position, "documentation of '" + doc.symbol + "' is not followed by its definition");
    }
  }

  void expression(std::optional<DocComment> doc) {
    if (!now_.is('{')) {
      fail("expected '{' of a definition");
      next();
      recover();
      return;
    }
    auto parsed = value(0);
    if (!parsed) {
      recover();
      return;
    }
    expressions_.push_back({std::move(parsed), std::move(doc)});
  }

  void recover() {
    while (now_.kind != Token::Kind::kEnd && now_.kind != Token::Kind::kDoc && !(now_.at_line_start && now_.is('{'))) {
      next();
    }
  }

  std::nullopt_t fail(const std::string& text) {
    diagnostics_.error(now_.position, text);
    return std::nullopt;
  }

  std::optional<Value> value(int depth) {
    if (depth > kMaxDepth) return fail("nested too deeply");
    Value result;
    result.position = now_.position;
    if (now_.is('{')) return object(std::move(result), depth);
    if (now_.is('[')) return list(std::move(result), depth);
    if (now_.kind == Token::Kind::kString) {
      result.kind = Value::Kind::kString;
      result.text = next().text;
      return result;
    }
    if (now_.kind == Token::Kind::kWord && (now_.text == "true" || now_.text == "false")) {
      result.kind = Value::Kind::kBool;
      result.truth = next().text == "true";
      return result;
    }
    return fail("expected '{', '[', a string, true or false");
  }

  std::optional<Value> object(Value result, int depth) {
    next();
    if (now_.is('}')) {
      next();
      return result;
    }
    std::set<std::string> seen;
    while (true) {
      if (now_.kind != Token::Kind::kString) return fail("expected a string as key");
      const Token key = next();
      const bool fresh = seen.insert(key.text).second;
      if (!fresh) diagnostics_.error(key.position, "duplicate key '" + key.text + "'");
      if (!now_.is(':')) return fail("expected ':'");
      next();
      auto item = value(depth + 1);
      if (!item) return std::nullopt;
      if (fresh) {
        result.keys.push_back({key.text, key.position});
        result.items.push_back(*std::move(item));
      }
      if (now_.is('}')) break;
      if (!now_.is(',')) return fail("expected ',' or '}'");
      next();
    }
    next();
    return result;
  }

  std::optional<Value> list(Value result, int depth) {
    result.kind = Value::Kind::kList;
    next();
    if (now_.is(']')) {
      next();
      return result;
    }
    while (true) {
      auto item = value(depth + 1);
      if (!item) return std::nullopt;
      result.items.push_back(*std::move(item));
      if (now_.is(']')) break;
      if (!now_.is(',')) return fail("expected ',' or ']'");
      next();
    }
    next();
    return result;
  }

  Lexer lexer_;
  Dialect dialect_;
  Diagnostics& diagnostics_;
  Token now_;
  std::vector<Expression> expressions_;
};

}  // namespace

std::vector<Expression> parse(const Sources& sources, std::uint32_t file, Dialect dialect, Diagnostics& diagnostics) {
  return Parser(Lexer(sources, file, dialect, diagnostics), dialect, diagnostics).run();
}

DocComment as_free_text(DocComment doc) {
  doc.symbol.clear();
  doc.members.clear();
  doc.features.clear();
  return doc;
}

}  // namespace guestd::schema
