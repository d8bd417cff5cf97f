// SPDX-License-Identifier: Apache-2.0
#include "client/main/verbs.hpp"

#include <array>

namespace guestd::guestctl {

std::span<const Verb> verbs() {
  static constexpr std::array kVerbs{
      Verb{"ping", "ask whether the agent answers, and how fast", define_ping},
      Verb{"info", "tell what agent and what system this is", define_info},
      Verb{"call", "call any command of the agent", define_call},
  };
  return kVerbs;
}

}  // namespace guestd::guestctl
