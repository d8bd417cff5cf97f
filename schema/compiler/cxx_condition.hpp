// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "schema/compiler/code_writer.hpp"
#include "schema/compiler/model.hpp"

/// Conditions of the schema as conditions of the C preprocessor.
namespace guestd::schema::cxx {

/// `defined(A) && !(defined(B))`, for `#if`; "" for kAlways.
std::string preprocessor_text(const Condition& condition);

Condition both(const Condition& left, const Condition& right);
Condition either(const Condition& left, const Condition& right);
bool always(const Condition& condition);

/// Puts what is written during its life under `#if`, unless the condition always holds.
class Under {
 public:
  Under(CodeWriter& code, const Condition& condition);
  ~Under();
  Under(const Under&) = delete;
  Under& operator=(const Under&) = delete;

 private:
  CodeWriter& code_;
  bool conditional_;
};

}  // namespace guestd::schema::cxx
