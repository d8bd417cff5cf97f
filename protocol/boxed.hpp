// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace guestd::protocol {

/// A value on the heap, for a member whose type holds, directly or through others, the struct that the member is in.
/// Copies copy the value; T may be incomplete where the member is declared. One that was given no value reads as T{},
/// and encoders write it as null, so that a mandatory member which nobody has filled in ends.
template <typename T>
class Boxed {
 public:
  Boxed() = default;
  template <typename U>  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload): it takes nothing but a T
  requires std::same_as<std::remove_cvref_t<U>, T> Boxed(U&& value) : value_(new T(std::forward<U>(value))) {}
  Boxed(const Boxed& other) : value_(other.value_ != nullptr ? new T(*other.value_) : nullptr) {}
  Boxed(Boxed&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  // Takes over the old value only when the new one is there: it may be inside the old one.
  Boxed& operator=(Boxed other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Boxed() { delete value_; }

  [[nodiscard]] bool has_value() const { return value_ != nullptr; }

  T& operator*() {
    if (value_ == nullptr) value_ = new T();
    return *value_;
  }
  const T& operator*() const {
    static const T kEmpty{};
    return value_ != nullptr ? *value_ : kEmpty;
  }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }

 private:
  T* value_ = nullptr;  // not unique_ptr: its destructor is constexpr in newer standards, which would need T complete
};

}  // namespace guestd::protocol
