// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace guestd::guestctl {

/// What the manual page of a verb tells beyond its options; "" for guestctl's own page. Lines that begin with blanks
/// are examples. Nothing for verbs that explain themselves.
std::string_view man_text(std::string_view verb);

/// Numbers and what they mean.
std::span<const std::pair<int, std::string_view>> exit_statuses();

}  // namespace guestd::guestctl
