// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/names.hpp"

#include <algorithm>
#include <array>

namespace guestd::schema::names {
namespace {

constexpr std::array<std::string_view, 92> kKeywords{
    "alignas",     "alignof",  "and",        "and_eq",    "asm",       "auto",         "bitand",
    "bitor",       "bool",     "break",      "case",      "catch",     "char",         "char16_t",
    "char32_t",    "char8_t",  "class",      "co_await",  "co_return", "co_yield",     "compl",
    "concept",     "const",    "const_cast", "consteval", "constexpr", "constinit",    "continue",
    "decltype",    "default",  "delete",     "do",        "double",    "dynamic_cast", "else",
    "enum",        "explicit", "export",     "extern",    "false",     "float",        "for",
    "friend",      "goto",     "if",         "inline",    "int",       "long",         "mutable",
    "namespace",   "new",      "noexcept",   "not",       "not_eq",    "nullptr",      "operator",
    "or",          "or_eq",    "private",    "protected", "public",    "register",     "reinterpret_cast",
    "requires",    "return",   "short",      "signed",    "sizeof",    "static",       "static_assert",
    "static_cast", "struct",   "switch",     "template",  "this",      "thread_local", "throw",
    "true",        "try",      "typedef",    "typeid",    "typename",  "union",        "unsigned",
    "using",       "virtual",  "void",       "volatile",  "wchar_t",   "while",        "xor",
    "xor_eq",
};

/// Names that headers of the C library, or a compiler with GNU extensions, define as macros and that are plausible as
/// names on the wire.
constexpr std::array<std::string_view, 22> kMacros{
    "BIG_ENDIAN", "BUFSIZ",        "EOF",   "INFINITY", "LITTLE_ENDIAN", "NAN",   "NULL", "assert",
    "errno",      "i386",          "linux", "major",    "makedev",       "minor", "mips", "offsetof",
    "sparc",      "static_assert", "stdin", "stderr",   "stdout",        "unix",
};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

std::string_view without_prefix(std::string_view wire) {
  constexpr std::string_view kPrefix = "guest-";
  return wire.starts_with(kPrefix) ? wire.substr(kPrefix.size()) : wire;
}

std::string pascal(std::string_view wire) {
  std::string result;
  bool at_word = true;
  for (const char c : wire) {
    if (c == '-' || c == '_' || c == '.') {
      at_word = true;
      continue;
    }
    result += at_word ? to_upper(c) : c;
    at_word = false;
  }
  return result;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_reserved(std::string_view name) {
  return std::find(kKeywords.begin(), kKeywords.end(), name) != kKeywords.end() ||
         std::find(kMacros.begin(), kMacros.end(), name) != kMacros.end();
}

/// Two underscores in a row belong to the implementation, as does one at the beginning before a capital.
std::string identifier(std::string_view wire) {
  std::string result;
  for (const char c : wire) {
    const bool plain = is_lower(c) || is_upper(c) || is_digit(c);
    if (plain) {
      result += c;
    } else if (!result.empty() && result.back() != '_') {
      result += '_';
    }
  }
  if (result.empty() || is_digit(result.front())) result.insert(0, "_");
  if (is_reserved(result)) result += '_';
  return result;
}

}  // namespace

std::string member(std::string_view wire) { return identifier(wire); }
std::string type(std::string_view wire) { return identifier(wire); }

std::string implicit_type(std::string_view name) {
  constexpr std::string_view kPrefix = "q_obj_";
  return identifier(pascal(name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name));
}

std::string command_function(std::string_view wire) { return member(without_prefix(wire)); }
std::string command_stem(std::string_view wire) { return identifier(pascal(without_prefix(wire))); }
std::string enumerator(std::string_view wire) { return "k" + pascal(wire); }

std::string event_stem(std::string_view wire) {
  std::string lower;
  for (const char c : wire) lower += to_lower(c);
  return identifier(pascal(lower));
}

std::string Scope::take(std::string wanted) {
  std::string name = wanted;
  if (!wanted.ends_with('_')) wanted += '_';
  for (unsigned number = 2; !taken_.insert(name).second; ++number) name = wanted + std::to_string(number);
  return name;
}

std::string type_function(std::string_view type) {
  std::string result;
  for (std::size_t index = 0; index < type.size(); ++index) {
    const char c = type[index];
    const bool after_lower = index > 0 && !is_upper(type[index - 1]);
    const bool before_lower = index > 0 && index + 1 < type.size() && is_lower(type[index + 1]);
    if (is_upper(c) && (after_lower || before_lower) && !result.empty() && result.back() != '_') result += '_';
    result += to_lower(c);
  }
  return result;
}

}  // namespace guestd::schema::names
