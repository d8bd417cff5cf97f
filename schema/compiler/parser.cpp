// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/parser.hpp"

#include <string>
#include <utility>

#include "schema/compiler/lexer.hpp"

namespace guestd::schema {
namespace {

/// Deeper than anything the language has a use for; bounds the recursion.
constexpr int kMaxDepth = 64;

class Parser {
 public:
  Parser(std::vector<Token> tokens, Diagnostics& diagnostics) : tokens_(std::move(tokens)), diagnostics_(diagnostics) {}

  std::vector<Expression> run() {
    while (now().kind != Token::Kind::kEnd) {
      if (now().kind == Token::Kind::kDoc) {
        doc();
      } else {
        expression(std::nullopt);
      }
    }
    return std::move(expressions_);
  }

 private:
  [[nodiscard]] const Token& now() const { return tokens_[at_]; }
  const Token& next() { return tokens_[now().kind == Token::Kind::kEnd ? at_ : at_++]; }

  void doc() {
    const Token& token = next();
    auto doc = parse_doc(token.text, token.position, diagnostics_);
    if (doc.symbol.empty()) {
      expressions_.push_back({std::nullopt, std::move(doc)});
    } else if (!now().is('{')) {
      diagnostics_.error(token.position, "documentation of '" + doc.symbol + "' is not followed by its definition");
    } else {
      expression(std::move(doc));
    }
  }

  void expression(std::optional<DocComment> doc) {
    if (!now().is('{')) {
      fail("expected '{' of a definition");
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
    if (now().kind != Token::Kind::kEnd) next();
    while (now().kind != Token::Kind::kEnd && now().kind != Token::Kind::kDoc &&
           !(now().at_line_start && now().is('{'))) {
      next();
    }
  }

  std::nullopt_t fail(const std::string& text) {
    diagnostics_.error(now().position, text);
    return std::nullopt;
  }

  std::optional<Value> value(int depth) {
    if (depth > kMaxDepth) return fail("nested too deeply");
    Value result;
    result.position = now().position;
    if (now().is('{')) return object(std::move(result), depth);
    if (now().is('[')) return list(std::move(result), depth);
    if (now().kind == Token::Kind::kString) {
      result.kind = Value::Kind::kString;
      result.text = next().text;
      return result;
    }
    if (now().kind == Token::Kind::kWord && (now().text == "true" || now().text == "false")) {
      result.kind = Value::Kind::kBool;
      result.truth = next().text == "true";
      return result;
    }
    return fail("expected '{', '[', a string, true or false");
  }

  std::optional<Value> object(Value result, int depth) {
    next();
    if (now().is('}')) {
      next();
      return result;
    }
    while (true) {
      if (now().kind != Token::Kind::kString) return fail("expected a string as key");
      const Token& key = next();
      if (result.find(key.text) != nullptr) {
        diagnostics_.error(key.position, "duplicate key '" + key.text + "'");
      }
      if (!now().is(':')) return fail("expected ':'");
      next();
      auto item = value(depth + 1);
      if (!item) return std::nullopt;
      result.keys.push_back({key.text, key.position});
      result.items.push_back(*std::move(item));
      if (now().is('}')) break;
      if (!now().is(',')) return fail("expected ',' or '}'");
      next();
    }
    next();
    return result;
  }

  std::optional<Value> list(Value result, int depth) {
    result.kind = Value::Kind::kList;
    next();
    if (now().is(']')) {
      next();
      return result;
    }
    while (true) {
      auto item = value(depth + 1);
      if (!item) return std::nullopt;
      result.items.push_back(*std::move(item));
      if (now().is(']')) break;
      if (!now().is(',')) return fail("expected ',' or ']'");
      next();
    }
    next();
    return result;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  Diagnostics& diagnostics_;
  std::vector<Expression> expressions_;
};

}  // namespace

std::vector<Expression> parse(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  return Parser(tokenize(sources, file, diagnostics), diagnostics).run();
}

}  // namespace guestd::schema
