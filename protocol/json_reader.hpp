// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "protocol/buffer.hpp"

namespace guestd::protocol {

enum class JsonType : std::uint8_t {
  kNull,
  kBool,
  kInt,     ///< fits int64
  kUint,    ///< above int64, fits uint64
  kDouble,  ///< has a fraction or an exponent, or is beyond uint64
  kString,
  kArray,
  kObject,
};

class JsonDocument;

/// One value inside a JsonDocument; cheap to copy, valid as long as the document stays where it is.
class JsonView {
 public:
  JsonView() = default;
  JsonView(const JsonDocument* document, std::uint32_t index) : document_(document), index_(index) {}

  [[nodiscard]] JsonType type() const;
  [[nodiscard]] bool is(JsonType wanted) const { return type() == wanted; }

  [[nodiscard]] bool as_bool() const;                ///< kBool
  [[nodiscard]] std::int64_t as_int() const;         ///< kInt
  [[nodiscard]] std::uint64_t as_uint() const;       ///< kInt (wrapped modulo 2^64, as in QAPI) or kUint
  [[nodiscard]] double as_double() const;            ///< kInt, kUint, kDouble; may be infinite
  [[nodiscard]] std::string_view as_string() const;  ///< kString, unescaped UTF-8; may contain NUL
  /// The same bytes for in-place decoding of base64; kString.
  [[nodiscard]] std::span<char> mutable_string() const;

  /// What this value and all inside it take in memory.
  [[nodiscard]] std::size_t weight_bytes() const;

  /// Children of an array or object, in the order of the message.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::optional<JsonView> find(std::string_view key) const;

  class Iterator;
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;
  /// The name under which this value stands in its object; "" in an array.
  [[nodiscard]] std::string_view key() const;

 private:
  friend class Iterator;
  [[nodiscard]] std::string_view text() const;

  const JsonDocument* document_ = nullptr;
  std::uint32_t index_ = 0;
};

class JsonView::Iterator {
 public:
  Iterator(const JsonDocument* document, std::uint32_t index) : document_(document), index_(index) {}
  JsonView operator*() const { return {document_, index_}; }
  Iterator& operator++();
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  const JsonDocument* document_;
  std::uint32_t index_;
};

/// One parsed message. It owns the text; strings are unescaped inside it, so that a value of 64 MiB is never copied.
/// Accepts what QEMU's parser accepts: JSON, single-quoted strings, modified UTF-8; refuses duplicate keys, unpaired
/// surrogates and invalid UTF-8. Errors are `JSON parse error, ...` with QEMU's texts.
class JsonDocument {
 public:
  static Result<JsonDocument> parse(Buffer text);

  [[nodiscard]] JsonView root() const { return {this, 0}; }

 private:
  friend class JsonView;
  friend class JsonView::Iterator;
  friend class JsonBuilder;
  friend class JsonParser;

  struct Node {
    std::uint32_t text = 0;         // offset of the string or number in the message
    std::uint32_t text_length = 0;  // for kBool: the value
    std::uint32_t key = 0;
    std::uint32_t key_length = 0;
    std::uint32_t next = 0;   // index of the node after this one and its children
    std::uint32_t count = 0;  // children
    JsonType type = JsonType::kNull;
  };

  Buffer text_;
  std::vector<Node> nodes_;  // in the order of the message, parents before children
};

/// Keeps the parser's tables from message to message, as long as they are small. One thread at a time.
class JsonParser {
 public:
  JsonParser();
  ~JsonParser();
  JsonParser(const JsonParser&) = delete;
  JsonParser& operator=(const JsonParser&) = delete;

  /// Throws std::bad_alloc where there is no memory for the tables (4 bytes of address space per byte of text).
  Result<JsonDocument> parse(Buffer text);

 private:
  struct State;
  Result<bool> build(JsonDocument& document);

  std::unique_ptr<State> state_;
};

}  // namespace guestd::protocol
