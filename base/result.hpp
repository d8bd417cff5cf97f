// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace guestd {

/// Why an operation failed, as a value. The text is shown to the host as it is: it says what failed, on which
/// object, and why. `errno_value` is 0 where no system call failed.
struct Error {
  enum class Kind {
    kGeneric,      ///< class GenericError on the wire
    kUnsupported,  ///< this system cannot do it: class CommandNotFound, which clients skip quietly
    kRefused,      ///< the policy forbids it: class GenericError; the text names the rule
    // Only on a client's side, never on the wire:
    kUnreachable,  ///< there is no agent at the other end, or there is none any more
    kTimedOut,     ///< no answer in the time that it was given
  };

  std::string text;
  int errno_value = 0;
  Kind kind = Kind::kGeneric;

  /// `<what>: <strerror(code)>`, the form that qemu-ga gives to every error of a system call.
  static Error from_errno(std::string_view what, int code);
  static Error unsupported(std::string text) { return Error{std::move(text), 0, Kind::kUnsupported}; }
  static Error refused(std::string text) { return Error{std::move(text), 0, Kind::kRefused}; }
  static Error unreachable(std::string text) { return Error{std::move(text), 0, Kind::kUnreachable}; }
  static Error timed_out(std::string text) { return Error{std::move(text), 0, Kind::kTimedOut}; }

  /// Puts words in front while the error travels up: `<words>: <text>`.
  Error with_context(std::string_view words) &&;
};

/// A value or an Error, with the part of the interface of C++23's std::expected that guestd uses.
/// Thread rules are those of T; an Error owns its text.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }

  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace guestd
