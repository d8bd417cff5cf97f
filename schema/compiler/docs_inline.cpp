// SPDX-License-Identifier: Apache-2.0
#include <cctype>
#include <string>
#include <utility>

#include "schema/compiler/docs_markup.hpp"

namespace guestd::schema::docs {
namespace {

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; }
bool is_blank(char c) { return c == ' ' || c == '\n'; }

class InlineParser {
 public:
  InlineParser(std::string_view text, const IsDefined& is_defined) : text_(text), is_defined_(is_defined) {}

  Inline run() {
    while (at_ < text_.size()) {
      if (!(take_escape() || take_code() || take_role() || take_star("**", Span::Kind::kStrong) ||
            take_star("*", Span::Kind::kEmphasis) || take_name())) {
        plain(text_[at_++]);
      }
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool at_word_start() const { return at_ == 0 || !is_name_character(text_[at_ - 1]); }

  void plain(char c) {
    if (result_.empty() || result_.back().kind != Span::Kind::kText) result_.push_back({Span::Kind::kText, ""});
    result_.back().text += c;
  }

  void add(Span::Kind kind, std::string_view text) { result_.push_back({kind, std::string(text)}); }

  bool take_escape() {
    if (text_[at_] != '\\' || at_ + 1 >= text_.size() || text_[at_ + 1] == '\n') return false;
    plain(text_[at_ + 1]);
    at_ += 2;
    return true;
  }

  bool take_code() {
    if (text_[at_] != '`') return false;
    const std::string_view quote = text_.substr(at_, 2) == "``" ? "``" : "`";
    const auto begin = at_ + quote.size();
    const auto end = text_.find(quote, begin);
    if (end == std::string_view::npos || end == begin) return false;
    at_ = end + quote.size();
    const auto content = text_.substr(begin, end - begin);
    if (at_ < text_.size() && text_[at_] == '_') {
      ++at_;
      if (at_ < text_.size() && text_[at_] == '_') ++at_;
      return add_link(content);
    }
    add(Span::Kind::kCode, content);
    return true;
  }

  /// `text <address>`
  bool add_link(std::string_view content) {
    const auto open = content.rfind('<');
    if (open == std::string_view::npos || content.back() != '>') {
      add(Span::Kind::kEmphasis, content);
      return true;
    }
    const auto target = content.substr(open + 1, content.size() - open - 2);
    auto text = content.substr(0, open);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    result_.push_back({Span::Kind::kLink, std::string(text.empty() ? target : text), std::string(target)});
    return true;
  }

  /// :qapi:cmd:`name`
  bool take_role() {
    if (text_[at_] != ':' || !at_word_start()) return false;
    auto end = at_ + 1;
    while (end < text_.size() && (is_name_character(text_[end]) || text_[end] == ':')) ++end;
    if (end >= text_.size() || text_[end] != '`' || end == at_ + 1 || text_[end - 1] != ':') return false;
    const auto close = text_.find('`', end + 1);
    if (close == std::string_view::npos) return false;
    const auto name = text_.substr(end + 1, close - end - 1);
    add(is_defined_(name) ? Span::Kind::kName : Span::Kind::kCode, name);
    at_ = close + 1;
    return true;
  }

  bool take_star(std::string_view mark, Span::Kind kind) {
    if (text_.substr(at_, mark.size()) != mark || !at_word_start()) return false;
    const auto begin = at_ + mark.size();
    const auto end = text_.find(mark, begin);
    if (end == std::string_view::npos || end == begin || is_blank(text_[begin]) || is_blank(text_[end - 1])) {
      return false;
    }
    const auto after = end + mark.size();
    if (after < text_.size() && (is_name_character(text_[after]) || text_[after] == '*')) return false;
    add(kind, text_.substr(begin, end - begin));
    at_ = after;
    return true;
  }

  bool take_name() {
    if (!at_word_start()) return false;
    const bool sign = text_[at_] == '@';
    const auto begin = at_ + (sign ? 1 : 0);
    auto end = begin;
    while (end < text_.size() && is_name_character(text_[end])) ++end;
    while (end > begin && text_[end - 1] == '-') --end;
    if (end == begin) return false;
    const auto word = text_.substr(begin, end - begin);
    // Without a sign, a word such as `stop` would mostly be no command.
    const bool defined = (sign || word.find('-') != std::string_view::npos) && is_defined_(word);
    if (defined || sign) {
      add(defined ? Span::Kind::kName : Span::Kind::kCode, word);
    } else {
      for (const char c : word) plain(c);
    }
    at_ = end;
    return true;
  }

  std::string_view text_;
  const IsDefined& is_defined_;
  std::size_t at_ = 0;
  Inline result_;
};

}  // namespace

Inline parse_inline(std::string_view text, const IsDefined& is_defined) { return InlineParser(text, is_defined).run(); }

}  // namespace guestd::schema::docs
