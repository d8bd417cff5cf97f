// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.hpp"

#include <algorithm>
#include <utility>

namespace guestd {
namespace {

constexpr std::size_t kMaxPatternBytes = 4096;

// Where the `]` of a set stands, counted from its `[`: the first member may be one itself.
std::size_t end_of_set(std::string_view set) {
  const std::size_t first = set.size() > 1 && (set[1] == '!' || set[1] == '^') ? 2 : 1;
  return set.find(']', first + 1);
}

std::bitset<256> members_of(std::string_view inside) {
  std::bitset<256> members;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const auto from = static_cast<unsigned char>(inside[i]);
    const bool is_range = i + 2 < inside.size() && inside[i + 1] == '-';
    const auto to = is_range ? static_cast<unsigned char>(inside[i + 2]) : from;
    for (unsigned byte = from; byte <= to; ++byte) members.set(byte);
    if (is_range) i += 2;
  }
  return members;
}

}  // namespace

Result<std::size_t> Pattern::add_set(std::string_view rest) {
  const std::size_t end = end_of_set(rest);
  if (end == std::string_view::npos) return Error{"a '[' is never closed"};
  std::string_view inside = rest.substr(1, end - 1);
  const bool is_negative = inside.front() == '!' || inside.front() == '^';
  if (is_negative) inside.remove_prefix(1);
  auto members = members_of(inside);
  if (members.none()) return Error{"a set in brackets is empty"};
  if (is_negative) members.flip();
  members.reset('/');
  tokens_.push_back({Kind::kSet, 0, static_cast<std::uint16_t>(sets_.size())});
  sets_.push_back(members);
  return end + 1;
}

Result<Pattern> Pattern::parse(std::string_view text) {
  Pattern pattern;
  pattern.text_ = text;
  if (text.empty()) return Error{"it is empty"};
  if (text.size() > kMaxPatternBytes) return Error{"it is too long"};
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (rest.front() == '\\') {
      if (rest.size() == 1) return Error{"it ends in a backslash"};
      pattern.tokens_.push_back({Kind::kByte, static_cast<unsigned char>(rest[1]), 0});
      i += 2;
    } else if (rest.front() == '[') {
      const auto length = pattern.add_set(rest);
      if (!length) return length.error();
      i += *length;
    } else if (rest.front() == '*') {
      const std::size_t stars = std::min(rest.find_first_not_of('*'), rest.size());
      pattern.tokens_.push_back({stars == 1 ? Kind::kStar : Kind::kDeepStar, 0, 0});
      i += stars;
    } else {
      const bool is_any = rest.front() == '?';
      pattern.tokens_.push_back({is_any ? Kind::kAnyByte : Kind::kByte, static_cast<unsigned char>(rest.front()), 0});
      ++i;
    }
  }
  return pattern;
}

bool Pattern::takes(const Token& token, unsigned char byte) const {
  switch (token.kind) {
    case Kind::kByte:
      return token.byte == byte;
    case Kind::kAnyByte:
    case Kind::kStar:
      return byte != '/';
    case Kind::kSet:
      return sets_[token.set].test(byte);
    case Kind::kDeepStar:
      break;
  }
  return true;
}

// A star may stand for nothing: who has come to one has come to what follows it. False: nowhere is reached any more.
bool Pattern::reach_over_stars(std::vector<bool>& reached) const {
  bool any = false;
  for (std::size_t at = 0; at < reached.size(); ++at) {
    if (!reached[at]) continue;
    any = true;
    const bool is_star =
        at < tokens_.size() && (tokens_[at].kind == Kind::kStar || tokens_[at].kind == Kind::kDeepStar);
    if (is_star) reached[at + 1] = true;
  }
  return any;
}

// All ways through the pattern at once, byte by byte: no text makes it try again.
bool Pattern::matches(std::string_view text) const {
  std::vector<bool> reached(tokens_.size() + 1);
  reached[0] = true;
  for (const char character : text) {
    if (!reach_over_stars(reached)) return false;
    std::vector<bool> next(reached.size());
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      if (!reached[at] || !takes(tokens_[at], static_cast<unsigned char>(character))) continue;
      const bool stays = tokens_[at].kind == Kind::kStar || tokens_[at].kind == Kind::kDeepStar;
      next[stays ? at : at + 1] = true;
    }
    reached = std::move(next);
  }
  return reach_over_stars(reached) && reached.back();
}

Result<PatternList> PatternList::parse(const std::vector<std::string>& items) {
  PatternList list;
  list.items_ = items;
  if (items.empty()) return Error{"is empty: name a pattern, 'any' or 'none'"};
  if (items.size() == 1 && items.front() == "any") return list;
  for (const std::string& item : items) {
    if (item == "any" || item == "none") {
      if (items.size() == 1) continue;
      return Error{"has '" + item + "' beside other items, which can only stand alone"};
    }
    const bool takes_away = item.starts_with('!');
    auto pattern = Pattern::parse(std::string_view(item).substr(takes_away ? 1 : 0));
    if (!pattern) return Error{"has the item '" + item + "': " + pattern.error().text};
    (takes_away ? list.taken_ : list.given_).push_back(*std::move(pattern));
  }
  list.any_ = list.given_.empty() && !list.taken_.empty();
  return list;
}

std::string PatternList::why_not(std::string_view text) const {
  const auto fits = [text](const Pattern& pattern) { return pattern.matches(text); };
  const auto taken = std::find_if(taken_.begin(), taken_.end(), fits);
  if (taken != taken_.end()) return "'!" + taken->text() + "' takes it away";
  if (any_ || std::any_of(given_.begin(), given_.end(), fits)) return {};
  return "nothing in the list matches it";
}

}  // namespace guestd
