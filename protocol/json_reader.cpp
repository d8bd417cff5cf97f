// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "protocol/json_syntax.hpp"

namespace guestd::protocol {

static_assert(Buffer::kPadding >= simdjson::SIMDJSON_PADDING);

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kFewKeys = 16;             // up to here comparing all keys beats sorting them
constexpr std::size_t kSmallMessage = 4096;      // what a parser has room for at first
constexpr std::size_t kKeptCapacity = 64 << 10;  // a parser that has grown beyond this is not kept

// What an escape sequence stands for and how long it is; length 0 for a bad one.
struct Escape {
  std::uint32_t code_point = 0;
  std::size_t length = 0;
};

Escape read_escape(std::string_view text) {
  if (text.size() < 2) return {};
  if (text[1] != 'u') {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const std::size_t index = kNames.find(text[1]);
    if (index == std::string_view::npos) return {};
    return {static_cast<std::uint32_t>(kValues[index]), 2};
  }
  const auto unit = utf8::parse_escape(text);
  if (!unit) return {};
  if (!utf8::is_surrogate(*unit)) return {*unit, 6};
  const auto low = utf8::parse_escape(text.substr(6));
  const auto pair = low ? utf8::combine(*unit, *low) : std::nullopt;
  return pair ? Escape{*pair, 12} : Escape{};
}

bool escapes_are_valid(std::string_view text) {
  std::size_t position = 0;
  while ((position = text.find('\\', position)) != std::string_view::npos) {
    const Escape escape = read_escape(text.substr(position));
    if (escape.length == 0) return false;
    position += escape.length;
  }
  return true;
}

// Unescapes `length` bytes into themselves and returns how many are left. The escapes are valid.
std::size_t unescape(char* text, std::size_t length) {
  auto* in = static_cast<char*>(std::memchr(text, '\\', length));
  if (in == nullptr) return length;
  const char* const end = text + length;
  char* out = in;
  std::string utf8_text;
  while (in < end) {
    if (*in != '\\') {
      *out++ = *in++;
      continue;
    }
    const Escape escape = read_escape({in, static_cast<std::size_t>(end - in)});
    utf8_text.clear();
    utf8::append(escape.code_point, utf8_text);
    out = std::copy(utf8_text.begin(), utf8_text.end(), out);
    in += escape.length;
  }
  return static_cast<std::size_t>(out - text);
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view without_trailing_blanks(std::string_view token) {
  while (!token.empty() && is_blank(token.back())) token.remove_suffix(1);
  return token;
}

}  // namespace

/// Walks simdjson's on-demand document once and notes every value. False means: ask to_strict_json() what is wrong;
/// the text is still as it was then.
class JsonBuilder {
 public:
  JsonBuilder(JsonDocument& document, ondemand::parser& parser) : document_(document), parser_(parser) {}

  bool run() {
    Buffer& text = document_.text_;
    ondemand::document json;
    if (parser_.iterate(simdjson::padded_string_view(text.data(), text.size(), text.capacity())).get(json)) {
      return false;
    }
    ondemand::json_type type{};
    if (json.type().get(type)) return false;
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (json.get_object().get(object) || !add_object(object, {}, 1)) return false;
    } else if (type == ondemand::json_type::array) {
      ondemand::array array;
      if (json.get_array().get(array) || !add_array(array, {}, 1)) return false;
    } else {
      return add_root_scalar();
    }
    return json.current_location().error() == simdjson::OUT_OF_BOUNDS;  // nothing stands behind the value
  }

  /// The second step, once the message is known to be sound: unescapes every string in its place.
  void unescape_strings() {
    for (Node& node : document_.nodes_) {
      unescape_range(node.key, node.key_length);
      if (node.type == JsonType::kString) unescape_range(node.text, node.text_length);
    }
  }

  [[nodiscard]] bool all_keys_differ() const {
    for (std::uint32_t index = 0; index < document_.nodes_.size(); ++index) {
      if (document_.nodes_[index].type == JsonType::kObject && !keys_differ({&document_, index})) return false;
    }
    return true;
  }

 private:
  using Node = JsonDocument::Node;
  struct Key {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };

  std::uint32_t offset_of(const char* position) const {
    return static_cast<std::uint32_t>(position - document_.text_.data());
  }

  std::size_t append(JsonType type, Key key) {
    Node node;
    node.type = type;
    node.key = key.offset;
    node.key_length = key.length;
    document_.nodes_.push_back(node);
    return document_.nodes_.size() - 1;
  }

  void finish(std::size_t index) { document_.nodes_[index].next = static_cast<std::uint32_t>(document_.nodes_.size()); }

  bool add_value(ondemand::value value, Key key, std::size_t depth) {
    ondemand::json_type type{};
    if (value.type().get(type)) return false;
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      return depth < limits::kMessageDepth && !value.get_object().get(object) && add_object(object, key, depth + 1);
    }
    if (type == ondemand::json_type::array) {
      ondemand::array array;
      return depth < limits::kMessageDepth && !value.get_array().get(array) && add_array(array, key, depth + 1);
    }
    // The token reaches up to the next one, which simdjson steps over unseen for a value that was not taken from it.
    const std::string_view token = value.raw_json_token();
    const char next = token.data()[token.size()];
    if (next != ',' && next != '}' && next != ']') return false;
    return add_scalar(without_trailing_blanks(token), key);
  }

  bool add_object(ondemand::object& object, Key key, std::size_t depth) {
    const std::size_t index = append(JsonType::kObject, key);
    std::uint32_t count = 0;
    for (auto entry : object) {
      ondemand::field field;
      Key name;
      if (std::move(entry).get(field) || !read_key(field, name)) return false;
      if (!add_value(field.value(), name, depth)) return false;
      ++count;
    }
    document_.nodes_[index].count = count;
    finish(index);
    return true;
  }

  bool add_array(ondemand::array& array, Key key, std::size_t depth) {
    const std::size_t index = append(JsonType::kArray, key);
    std::uint32_t count = 0;
    for (auto entry : array) {
      ondemand::value value;
      // NOLINTNEXTLINE(performance-move-const-arg): it is asked for
      if (std::move(entry).get(value) || !add_value(value, {}, depth)) return false;
      ++count;
    }
    document_.nodes_[index].count = count;
    finish(index);
    return true;
  }

  // A message that is a lone scalar; simdjson gives no token for it, so it is cut out here.
  bool add_root_scalar() {
    std::string_view token = without_trailing_blanks(document_.text_.view());
    while (!token.empty() && is_blank(token.front())) token.remove_prefix(1);
    return !token.empty() && add_scalar(token, {});
  }

  bool add_scalar(std::string_view token, Key key) {
    if (token.front() == '"') return add_string(token, key);
    JsonType type = JsonType::kNull;
    if (token == "true" || token == "false") {
      type = JsonType::kBool;
    } else if (token != "null") {
      if (!is_json_number(token)) return false;
      type = number_type(token);
    }
    const std::size_t index = append(type, key);
    Node& node = document_.nodes_[index];
    node.text = offset_of(token.data());
    node.text_length = static_cast<std::uint32_t>(type == JsonType::kBool ? token == "true" : token.size());
    finish(index);
    return true;
  }

  bool add_string(std::string_view token, Key key) {
    if (token.size() < 2 || token.back() != '"') return false;
    const std::string_view content = token.substr(1, token.size() - 2);
    if (!escapes_are_valid(content)) return false;
    const std::size_t index = append(JsonType::kString, key);
    document_.nodes_[index].text = offset_of(content.data());
    document_.nodes_[index].text_length = static_cast<std::uint32_t>(content.size());
    finish(index);
    return true;
  }

  static JsonType number_type(std::string_view token) {
    if (token.find_first_of(".eE") != std::string_view::npos) return JsonType::kDouble;
    std::int64_t integer = 0;
    const char* end = token.data() + token.size();
    if (std::from_chars(token.data(), end, integer).ec == std::errc{}) return JsonType::kInt;
    std::uint64_t natural = 0;
    const bool fits = token.front() != '-' && std::from_chars(token.data(), end, natural).ec == std::errc{};
    return fits ? JsonType::kUint : JsonType::kDouble;
  }

  bool read_key(ondemand::field& field, Key& key) {
    const char* begin = field.key().raw();
    const char* end = begin;
    while (*end != '"') end += *end == '\\' ? 2 : 1;  // stage 1 has seen to it that the string ends
    key = {offset_of(begin), static_cast<std::uint32_t>(end - begin)};
    return escapes_are_valid({begin, end});
  }

  static bool keys_differ(JsonView object) {
    if (object.size() <= kFewKeys) {
      for (auto it = object.begin(); it != object.end(); ++it) {
        auto other = it;
        while (++other, other != object.end()) {
          if ((*it).key() == (*other).key()) return false;
        }
      }
      return true;
    }
    // Sorted, not hashed: a host could choose keys that all have the same hash.
    std::vector<std::string_view> keys;
    keys.reserve(object.size());
    for (const JsonView member : object) keys.push_back(member.key());
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
  }

  void unescape_range(std::uint32_t offset, std::uint32_t& length) {
    length = static_cast<std::uint32_t>(unescape(document_.text_.data() + offset, length));
  }

  JsonDocument& document_;
  ondemand::parser& parser_;
};

struct JsonParser::State {
  ondemand::parser parser;
};

JsonParser::JsonParser() = default;
JsonParser::~JsonParser() = default;

Result<bool> JsonParser::build(JsonDocument& document) {
  if (!state_) state_ = std::make_unique<State>();
  ondemand::parser& parser = state_->parser;
  if (parser.capacity() < document.text_.size()) {
    const std::size_t capacity = std::max(document.text_.size(), kSmallMessage);
    if (parser.allocate(capacity, limits::kMessageDepth + 2)) throw std::bad_alloc();
  }
  JsonBuilder builder(document, parser);
  const bool sound = builder.run();
  if (parser.capacity() > kKeptCapacity) state_.reset();
  if (!sound) return false;
  builder.unescape_strings();
  if (!builder.all_keys_differ()) return Error{"JSON parse error, duplicate key", 0, Error::Kind::kGeneric};
  return true;
}

Result<JsonDocument> JsonParser::parse(Buffer text) {
  JsonDocument document;
  document.text_ = std::move(text);
  auto built = build(document);
  if (!built) return std::move(built).error();
  if (*built) return document;

  auto strict = to_strict_json(document.text_.view());
  if (!strict) return std::move(strict).error();
  document.nodes_.clear();
  document.text_ = std::move(*strict);
  built = build(document);
  if (!built) return std::move(built).error();
  if (*built) return document;
  return Error{"JSON parse error, the message is not understood", 0, Error::Kind::kGeneric};
}

Result<JsonDocument> JsonDocument::parse(Buffer text) { return JsonParser().parse(std::move(text)); }

JsonType JsonView::type() const { return document_->nodes_[index_].type; }

bool JsonView::as_bool() const { return document_->nodes_[index_].text_length != 0; }

std::string_view JsonView::text() const {
  const auto& node = document_->nodes_[index_];
  return {document_->text_.data() + node.text, node.text_length};
}

std::int64_t JsonView::as_int() const {
  std::int64_t value = 0;
  const std::string_view token = text();
  std::from_chars(token.data(), token.data() + token.size(), value);
  return value;
}

std::uint64_t JsonView::as_uint() const {
  if (type() == JsonType::kInt) return static_cast<std::uint64_t>(as_int());
  std::uint64_t value = 0;
  const std::string_view token = text();
  std::from_chars(token.data(), token.data() + token.size(), value);
  return value;
}

double JsonView::as_double() const {
  // strtod alone tells overflow (infinite) from underflow (zero). The token is followed by a delimiter or by padding.
  return std::strtod(text().data(), nullptr);
}

std::string_view JsonView::as_string() const { return text(); }

std::span<char> JsonView::mutable_string() const {
  const auto& node = document_->nodes_[index_];
  // The document owns its text and hands this range out for decoding in place, although views see it as constant.
  return {const_cast<char*>(document_->text_.data()) + node.text, node.text_length};
}

std::size_t JsonView::weight_bytes() const {
  const auto& nodes = document_->nodes_;
  std::size_t bytes = 0;
  for (std::uint32_t index = index_; index < nodes[index_].next; ++index) {
    bytes += sizeof(JsonDocument::Node) + nodes[index].key_length;
    if (nodes[index].type != JsonType::kBool) bytes += nodes[index].text_length;
  }
  return bytes;
}

std::size_t JsonView::size() const { return document_->nodes_[index_].count; }

std::string_view JsonView::key() const {
  const auto& node = document_->nodes_[index_];
  return {document_->text_.data() + node.key, node.key_length};
}

std::optional<JsonView> JsonView::find(std::string_view wanted) const {
  for (const JsonView member : *this) {
    if (member.key() == wanted) return member;
  }
  return std::nullopt;
}

JsonView::Iterator JsonView::begin() const { return {document_, index_ + 1}; }
JsonView::Iterator JsonView::end() const { return {document_, document_->nodes_[index_].next}; }

JsonView::Iterator& JsonView::Iterator::operator++() {
  index_ = document_->nodes_[index_].next;
  return *this;
}

}  // namespace guestd::protocol
